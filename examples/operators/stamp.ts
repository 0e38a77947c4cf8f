import { from } from 'rxjs';
import { stamp } from 'sluice/operators';

await from(['Call me', ' Ishmael.'])
  .pipe(stamp({ streamId: 'books/moby-dick', final: true }))
  .forEach(({ seq, data, size, final }) => console.log(seq, data, size, final));
// 0 Call me 7 false
// 1  Ishmael. 9 true
