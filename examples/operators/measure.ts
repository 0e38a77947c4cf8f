import { from } from 'rxjs';
import { measure, stamp } from 'sluice/operators';
import type { ProbeEvent } from 'sluice/probe';

const show = (event: ProbeEvent): void => {
  if (event.type === 'measure') console.log(`${event.chunks} chunks, ${event.bytes} bytes`, event.done);
};
await from(['Call me', ' Ishmael.'])
  .pipe(stamp({ streamId: 'books/moby-dick' }), measure({ probe: show }))
  .forEach(({ data }) => console.log(data));
// Call me
//  Ishmael.
// 2 chunks, 16 bytes true
