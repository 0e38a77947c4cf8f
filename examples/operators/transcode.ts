import { of } from 'rxjs';
import { lines } from 'sluice/format/lines';
import { transcode } from 'sluice/operators';

await of('Call me Ish', 'mael.\nSome years', ' ago\n')
  .pipe(transcode(lines.decode))
  .forEach((line) => console.log(line));
// Call me Ishmael.
// Some years ago
