import { map, range, timer } from 'rxjs';
import { backpressure } from 'sluice/operators';

const save = (n: number) => timer(10).pipe(map(() => `saved ${n}`));

await range(0, 100)
  .pipe(backpressure(save, { overflow: 'latest' }))
  .forEach((saved) => console.log(saved));
// saved 0
// saved 99
