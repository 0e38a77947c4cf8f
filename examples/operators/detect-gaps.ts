import { of } from 'rxjs';
import { detectGaps, HoleClosed, HoleOpened } from 'sluice/operators';

await of({ seq: 0 }, { seq: 2 }, { seq: 1 })
  .pipe(detectGaps())
  .forEach((item) => {
    if (item instanceof HoleOpened) console.log(`missing: ${item.from} up to, not including, ${item.to}`);
    else if (item instanceof HoleClosed) console.log(item.lost === 0 ? 'there it is' : 'lost');
    else console.log('chunk', item.seq);
  });
// chunk 0
// missing: 1 up to, not including, 2
// chunk 2
// chunk 1
// there it is
