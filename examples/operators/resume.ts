import { concat, from, throwError } from 'rxjs';
import { resume } from 'sluice/operators';

const words = ['Call', 'me', 'Ishmael.'].map((data, seq) => ({ seq, data }));
const lost$ = throwError(() => new Error('lost'));
const connect = (cursor = -1) => (cursor < 0 ? concat(words.slice(0, 2), lost$) : from(words.slice(cursor)));

const words$ = resume(({ cursor }) => connect(cursor), { probe: ({ type }) => console.log(type) });
await words$.forEach(({ seq, data }) => console.log(seq, data));
// 0 Call
// 1 me
// retry
// duplicate
// 2 Ishmael.
