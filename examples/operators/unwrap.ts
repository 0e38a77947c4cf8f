import { of } from 'rxjs';
import { End, Gap } from 'sluice/chunk';
import { unwrap } from 'sluice/operators';

const end = new End('books/moby-dick', 4, 'completed');
await of({ seq: 0 }, new Gap('books/moby-dick', 1, 3, 'trimmed'), { seq: 3 }, end)
  .pipe(unwrap({ onGap: 'skip' }))
  .forEach(({ seq }) => console.log(seq));
console.log('complete');
// 0
// 3
// complete
