import { NEVER, Subject, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { RunInbox, waitingStep } from '../../src/run/inbox.js';
import { Journal } from '../../src/run/journal.js';
import type { Letter } from '../../src/run/letter.js';
import { Stop } from '../../src/run/stop.js';

const say = (value: unknown, rest: object = {}): Letter =>
  ({ type: 'answer', step: 'a', name: 'ok', value, ...rest }) as unknown as Letter;

describe('inbox', () => {
  it('hands on the first answer, come before or after the question', async () => {
    const letters = new Subject<Letter>();
    const inbox = new RunInbox(letters, () => {});
    const asked = inbox.answer('a', 'ok', undefined, new Stop());
    letters.next(say(1));
    letters.next(say(2));
    expect([await asked, await inbox.answer('a', 'ok', undefined, new Stop())]).toEqual([1, 1]);
    inbox.close();
    expect(letters.observed).toBe(false);
  });

  it('does not hear answers of those who may not answer', async () => {
    const letters = new Subject<Letter>();
    const inbox = new RunInbox(letters, () => {});
    letters.next(say('forged', { by: 'eve' }));
    const asked = inbox.answer('a', 'ok', ['ann'], new Stop());
    letters.next(say('forged'));
    letters.next(say('mine', { by: 'ann' }));
    expect(await asked).toBe('mine');
  });

  it('stops waiting with the step, and when nothing can be heard any more', async () => {
    const inbox = new RunInbox(NEVER, () => {});
    const stop = new Stop();
    const asked = inbox.answer('a', 'ok', undefined, stop);
    stop.stop(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
    const letters = new Subject<Letter>();
    const broken = new RunInbox(letters, () => {});
    const waiting = broken.answer('a', 'ok', undefined, new Stop());
    letters.error(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    await expect(broken.answer('a', 'ok', undefined, new Stop())).rejects.toThrow('gone');
    const never = new RunInbox(
      throwError(() => 'text'),
      () => {},
    );
    await expect(never.answer('a', 'ok', undefined, new Stop())).rejects.toThrow('text');
  });

  it('passes on that the run is not wanted', () => {
    const letters = new Subject<Letter>();
    const heard: unknown[] = [];
    new RunInbox(letters, (reason) => heard.push(reason));
    letters.next({ type: 'cancel', reason: 'why' });
    letters.next({ type: 'cancel' });
    expect(heard).toEqual(['why', undefined]);
  });

  it('remembers only so many answers', async () => {
    const letters = new Subject<Letter>();
    const inbox = new RunInbox(letters, () => {});
    for (let i = 0; i < 10_000; i++) letters.next(say(i, { name: `n${i}` }));
    letters.next(say('one too many'));
    const stop = new Stop();
    const asked = inbox.answer('a', 'ok', undefined, stop);
    stop.stop(new Error('none'));
    await expect(asked).rejects.toThrow('none');
    expect(await inbox.answer('a', 'n9999', undefined, new Stop())).toBe(9999);
  });

  it('finds who waits for an answer, or says why nobody does', () => {
    const journal = new Journal();
    const ask = (step: string, data: object): void =>
      journal.add({ event_type: 'step_waiting', execution_id: 'r', step_id: step, timestamp: 0, data } as never);
    const find = (name: string, options = {}, letters: Letter[] = []): string =>
      waitingStep(journal, letters, name, options);
    expect(() => find('ok')).toThrow('"ok" was not asked for');
    ask('a', { name: 'ok', by: ['ann'] });
    expect(find('ok', { by: 'ann' })).toBe('a');
    expect(() => find('ok')).toThrow('"ok" is not for anybody to answer');
    expect(() => find('ok', { by: 'bob' })).toThrow('"ok" is not for bob to answer');
    expect(() => find('ok', { step: 'b' })).toThrow('"ok" was not asked for');
    expect(find('ok', { by: 'ann' }, [say(1, { by: 'eve' })])).toBe('a');
    expect(() => find('ok', { by: 'ann' }, [say(1, { by: 'ann' })])).toThrow('"ok" was answered before');
    ask('b', { name: 'ok' });
    expect(() => find('ok')).toThrow('"ok" is asked for by several steps, name one: a, b');
    expect(find('ok', { step: 'b' })).toBe('b');
    journal.add({ event_type: 'pipeline_complete', execution_id: 'r', step_id: null, timestamp: 0, data: {} } as never);
    expect(() => find('ok')).toThrow('"ok" comes too late: the run has ended');
  });
});
