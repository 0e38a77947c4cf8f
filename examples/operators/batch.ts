import { concat, of, timer } from 'rxjs';
import { batch } from 'sluice/operators';

await concat(of('a', 'b', 'c'), timer(100), of('d'))
  .pipe(batch({ maxItems: 2, maxDelayMs: 20 }))
  .forEach((items) => console.log(items));
// [ 'a', 'b' ]
// [ 'c' ]
// [ 0, 'd' ]
