import { delay, of, tap } from 'rxjs';
import { createFlow } from 'sluice/flow';
import { flowMap } from 'sluice/operators';
import { fromPull } from 'sluice/source/iterable';

const flow = createFlow();
const pages$ = fromPull([1, 2], { flow }).pipe(tap((page) => console.log('pulled:', page)));
const load = (page: number) => of(`page ${page}`).pipe(delay(10));

await pages$.pipe(flowMap(load, { flow, window: 1 })).forEach((page) => console.log(page));
// pulled: 1
// page 1
// pulled: 2
// page 2
