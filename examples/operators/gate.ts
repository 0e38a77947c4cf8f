import { map, range, timer } from 'rxjs';
import { createFlow } from 'sluice/flow';
import { flowMap, gate } from 'sluice/operators';

const flow = createFlow();
const render = (frame: number) => timer(10).pipe(map(() => frame));

await range(0, 100)
  .pipe(gate({ flow, capacity: 2, overflow: 'drop-oldest' }), flowMap(render, { flow, window: 1 }))
  .forEach((frame) => console.log('rendered', frame));
// rendered 0
// rendered 98
// rendered 99
