import { of } from 'rxjs';
import { reorder } from 'sluice/operators';

await of({ page: 2 }, { page: 1 }, { page: 4 }, { page: 3 })
  .pipe(reorder({ seq: ({ page }) => page, start: 1 }))
  .forEach((item) => console.log(item));
// { page: 1 }
// { page: 2 }
// { page: 3 }
// { page: 4 }
