// A source that comes shuffled, with repetitions and a hole, put in order.
import { from } from 'rxjs';
import { createChunk } from 'sluice/chunk';
import { dedupe, gapTimeout, reorder, unwrap } from 'sluice/operators';

const words = ['Call', 'me', 'Ishmael.', 'Some', 'years', 'ago'];
const order = [1, 0, 0, 2, 5, 4, 1]; // "Some" is missing
const shuffled$ = from(order.map((seq) => createChunk({ streamId: 'books/moby-dick', seq, data: words[seq]! })));

shuffled$
  .pipe(dedupe(), gapTimeout({ timeoutMs: 2000, action: 'skip' }), reorder(), unwrap({ onGap: 'skip' }))
  .subscribe(({ seq, data }) => console.log(seq, data));
