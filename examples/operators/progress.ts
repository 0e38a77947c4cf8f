import { from } from 'rxjs';
import type { ProbeEvent } from 'sluice/probe';
import { progress } from 'sluice/operators';

const show = (event: ProbeEvent): void => {
  if (event.type === 'progress') console.log(`${event.items} of ${event.total}`, event.done ? 'done' : 'so far');
};
await from(['Call', 'me', 'Ishmael.'])
  .pipe(progress({ unit: 'items', total: 3, everyItems: 2, probe: show }))
  .forEach((word) => console.log(word));
// Call
// me
// 2 of 3 so far
// Ishmael.
// 3 of 3 done
