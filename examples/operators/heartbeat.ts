import { concat, of, timer } from 'rxjs';
import { heartbeat } from 'sluice/operators';

await concat(of('a'), timer(280))
  .pipe(heartbeat({ everyMs: 100, make: () => 'still here' }))
  .forEach((item) => console.log(item));
// a
// still here
// still here
// 0
