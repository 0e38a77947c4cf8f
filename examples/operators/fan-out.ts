import { Subject } from 'rxjs';
import { fanOut } from 'sluice/operators';

const words$ = new Subject<string>();
const shared$ = words$.pipe(fanOut({ replay: { count: 1 } }));

shared$.subscribe((word) => console.log('first:', word));
for (const word of ['Call', 'me']) words$.next(word);
shared$.subscribe((word) => console.log('late:', word));
words$.next('Ishmael.');
// first: Call
// first: me
// late: me
// first: Ishmael.
// late: Ishmael.
