import { EMPTY, of, Subject, Subscriber, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { operateTimed, TimedStage } from '../../operators/timed.js';

const log: string[] = [];

class Logged extends TimedStage<number> {
  private readonly made = true;

  override start(): void {
    log.push('start');
  }
  protected override _next(n: number): void {
    log.push(`next ${n}`);
    this.destination.next(n);
  }
  protected override release(): void {
    if (!this.made) log.push('released half made');
  }
}

const logged = operateTimed<number>((destination) => new Logged(destination));

function during(work: () => void): string[] {
  log.length = 0;
  work();
  return [...log];
}

describe('operateTimed', () => {
  it('starts a stage once its source is subscribed', () => {
    const source = new Subject<number>();
    const events = during(() => {
      source.pipe(logged).subscribe();
      source.next(1);
    });
    expect(events).toEqual(['start', 'next 1']);
  });

  it('starts no stage whose source has ended by then', () => {
    expect(during(() => of(1).pipe(logged).subscribe())).toEqual(['next 1']);
    expect(during(() => EMPTY.pipe(logged).subscribe())).toEqual([]);
    expect(
      during(() =>
        throwError(() => 0)
          .pipe(logged)
          .subscribe({ error: () => {} }),
      ),
    ).toEqual([]);
  });

  it('makes no stage for a subscriber that has left', () => {
    const source = new Subject<number>();
    const left = new Subscriber<number>();
    left.unsubscribe();
    expect(during(() => source.pipe(logged).subscribe(left))).toEqual([]);
    expect(source.observed).toBe(false);
  });
});
