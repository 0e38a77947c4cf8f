import { concatMap, merge, NEVER, of } from 'rxjs';
import { describe, it } from 'vitest';
import { intake } from '../../operators/intake.js';
import { marbles, operatorLaws } from '../../src/testing/index.js';

operatorLaws('intake', () => intake<number>());

describe('intake', () => {
  it('lets the source go when it completes, though what stands behind goes on', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b|');
      const goesOn = merge(source.pipe(intake<string>()), NEVER).pipe(concatMap((each) => of(each)));
      expectObservable(goesOn, '^-----!').toBe('-a-b--');
      expectSubscriptions(source.subscriptions).toBe('^---!');
    }));
});
