import { range, map } from 'rxjs';
import { checkpoint } from 'sluice/operators';

await range(0, 4)
  .pipe(
    map((seq) => ({ seq })),
    checkpoint({ save: (seq) => console.log('saved', seq), everyItems: 2 }),
  )
  .forEach(({ seq }) => console.log(seq));
// 0
// 1
// saved 1
// 2
// 3
// saved 3
