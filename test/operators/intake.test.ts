import { concatMap, merge, NEVER, of, Subscriber } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Intake, intake } from '../../operators/intake.js';
import { LossyStage } from '../../operators/lossy.js';
import { checkOverflow } from '../../operators/waiting-line.js';
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

  it('tells a stage that lets items wait what is a replay', () => {
    class Waiting extends LossyStage<string> {}
    const stage = new Waiting(new Subscriber(), 'waiting', checkOverflow({}));
    const intakes = [stage, new Subscriber<string>()].map((destination) => new Intake(destination));
    for (const each of intakes) each.replaying = true;
    expect(stage.replaying).toBe(true);
    intakes[0]!.replaying = false;
    expect(stage.replaying).toBe(false);
  });
});
