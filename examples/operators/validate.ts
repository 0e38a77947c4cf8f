import { of } from 'rxjs';
import { validate } from 'sluice/operators';
import { z } from 'zod';

await of({ page: '1' }, { page: 'one' }, { page: 2 })
  .pipe(validate(z.object({ page: z.coerce.number() }), { onInvalid: 'result' }))
  .forEach((result) => console.log(result.ok ? result.value : result.message));
// { page: 1 }
// field "page": Invalid input: expected number, got a string
// { page: 2 }
