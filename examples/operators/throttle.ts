import { of, timeInterval } from 'rxjs';
import { throttle } from 'sluice/operators';

await of('a', 'b', 'c', 'd')
  .pipe(throttle({ perSecond: 10, burst: 2 }), timeInterval())
  .forEach(({ value, interval }) => console.log(value, interval < 50 ? 'at once' : 'after a tenth of a second'));
// a at once
// b at once
// c after a tenth of a second
// d after a tenth of a second
