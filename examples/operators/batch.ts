import { concat, delay, of } from 'rxjs';
import { batch } from 'sluice/operators';

await concat(of('a', 'b', 'c'), of('d').pipe(delay(100)))
  .pipe(batch({ maxItems: 2, maxDelayMs: 20 }))
  .forEach((items) => console.log(items));
// [ 'a', 'b' ]
// [ 'c' ]
// [ 'd' ]
