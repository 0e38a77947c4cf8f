import { of } from 'rxjs';
import { dedupe } from 'sluice/operators';

await of({ seq: 0 }, { seq: 1 }, { seq: 0 }, { seq: 2 }, { seq: 1 })
  .pipe(dedupe())
  .forEach(({ seq }) => console.log(seq));
// 0
// 1
// 2
