import { of } from 'rxjs';
import { collect } from 'sluice/operators';

await of('Call', ' me', ' Ishmael.')
  .pipe(collect({ as: 'text', maxBytes: 1000 }))
  .forEach((text) => console.log(text));
// Call me Ishmael.
