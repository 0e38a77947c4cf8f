import { of } from 'rxjs';
import { assemble } from 'sluice/operators';

await of('Call', ' me', ' Ishmael', '.')
  .pipe(assemble({ delta: (token) => token, finish: (token) => (token === '.' ? 'stop' : undefined) }))
  .forEach(({ status, text }) => console.log(status, text));
// growing Call
// growing Call me
// growing Call me Ishmael
// done Call me Ishmael.
