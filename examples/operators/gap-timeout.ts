import { concat, NEVER, of, takeUntil, timer } from 'rxjs';
import { gapTimeout } from 'sluice/operators';

await concat(of({ seq: 0 }, { seq: 2 }), NEVER)
  .pipe(gapTimeout({ timeoutMs: 50, action: 'skip' }), takeUntil(timer(100)))
  .forEach((item) => console.log('seq' in item ? item.seq : `${item.from} will not come: ${item.reason}`));
// 0
// 2
// 1 will not come: timeout
