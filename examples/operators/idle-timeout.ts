import { concat, NEVER, of } from 'rxjs';
import { idleTimeout } from 'sluice/operators';

await concat(of('Call', 'me'), NEVER)
  .pipe(idleTimeout({ eachMs: 10, with: () => of('(nothing more comes)') }))
  .forEach((item) => console.log(item));
// Call
// me
// (nothing more comes)
