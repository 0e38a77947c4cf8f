import { of } from 'rxjs';
import { createChunk } from 'sluice/chunk';
import { verify } from 'sluice/operators';

const good = createChunk({ streamId: 'books/moby-dick', seq: 0, data: 'Call me', checksum: true });
const bad = { ...createChunk({ streamId: 'books/moby-dick', seq: 1, data: 'Ishmael.' }), checksum: 'crc32c:00000000' };

await of(good, bad)
  .pipe(verify({ onMismatch: 'drop', probe: (event) => console.log(event) }))
  .forEach(({ data }) => console.log(data));
// Call me
// { type: 'corrupt', seq: 1, operator: 'verify' }
