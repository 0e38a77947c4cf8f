import { of } from 'rxjs';
import { reorder, repair } from 'sluice/operators';

const words = ['Call', 'me', 'Ishmael.'].map((data, seq) => ({ seq, data }));

await of(words[0]!, words[2]!) // "me" was lost
  .pipe(repair({ request: ([range]) => words.slice(range!.from, range!.to) }), reorder())
  .forEach((item) => console.log(item));
// { seq: 0, data: 'Call' }
// { seq: 1, data: 'me' }
// { seq: 2, data: 'Ishmael.' }
