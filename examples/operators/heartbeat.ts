import { concat, delay, of } from 'rxjs';
import { heartbeat } from 'sluice/operators';

await concat(of('a'), of('b').pipe(delay(280)))
  .pipe(heartbeat({ everyMs: 100, make: () => 'still here' }))
  .forEach((item) => console.log(item));
// a
// still here
// still here
// b
