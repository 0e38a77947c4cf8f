import { firstValueFrom, tap, timer } from 'rxjs';
import { createFlow } from 'sluice/flow';
import { drainTo } from 'sluice/operators';
import { fromPull } from 'sluice/source/iterable';

const flow = createFlow();
const write = (word: string) => firstValueFrom(timer(10).pipe(tap(() => console.log('written:', word))));
const words$ = fromPull(['Call', 'me'], { flow }).pipe(tap((word) => console.log('pulled:', word)));

await words$.pipe(drainTo(write, { flow, window: 1 })).forEach(() => {});
// pulled: Call
// written: Call
// pulled: me
// written: me
