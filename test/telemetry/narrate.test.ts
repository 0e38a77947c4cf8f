import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/chunk/index.js';
import { encodedTexts } from '../bodies.js';
import { lineKeeper } from './line-keeper.js';
import { TelemetryStage } from './stage.js';

/** A gateway, and the lines that are written about it. */
function stage(maxConnections = 10) {
  const { logger, lines } = lineKeeper();
  const trial = new TelemetryStage({ logger }, {}, { maxConnections });
  return { ...trial, stage: trial.stage, lines };
}

describe('lines about a server', () => {
  it('tell of connections that are refused or cut, and not of those that come and go', async () => {
    const { stage: trial, lines } = stage(2);
    const [one, two] = [trial.connect({ transport: 'sse' }), trial.connect({ transport: 'websocket' })];
    trial.connect({ transport: 'websocket' });
    one.events.closed(1000, 'bye');
    two.events.closed(4410, 'the answers are not read');
    const three = trial.connect({ transport: 'websocket' });
    three.events.closed(1011, 'a defect');
    expect(lines()).toEqual([
      { level: 'warn', message: 'connection refused', fields: { transport: 'websocket', reason: 'limit-reached' } },
      {
        level: 'warn',
        message: 'connection cut',
        fields: {
          session: 'session 1',
          transport: 'websocket',
          reason: 'backlog',
          details: 'the answers are not read',
        },
      },
      {
        level: 'error',
        message: 'connection cut',
        fields: { session: 'session 2', transport: 'websocket', reason: 'internal', details: 'a defect' },
      },
    ]);
  });

  it('tell of trouble of ours, and not of what clients do wrong', async () => {
    const { stage: trial, lines } = stage();
    const link = trial.connect();
    link.subscribe('nothing');
    await trial.settle();
    expect(lines()).toEqual([]);
    trial.log.append = trial.log.info = () => {
      throw new StreamError('log-incompatible', 'redis at redis://user:secret@host is gone: token=abc');
    };
    link.subscribe('something');
    expect(() => trial.streams.append('s', encodedTexts('a'))).toThrow('is gone');
    await trial.settle();
    expect(lines()).toEqual([
      { level: 'error', message: 'append failed', fields: { stream: 's', code: 'log-incompatible' } },
      {
        level: 'error',
        message: 'request failed',
        fields: {
          session: 'session 0',
          stream: 'something',
          code: 'log-incompatible',
          details: 'redis at redis://[left out]@host is gone: token=[left out]',
        },
      },
    ]);
  });

  it('tell of streams that fail, with what was said about it, on one line', async () => {
    const { stage: trial, lines } = stage();
    trial.keep('s', 'a');
    await trial.streams.close('s', 'failed', 'oh\n{"level":"info"}');
    trial.keep('t');
    await trial.streams.close('t');
    expect(lines()).toEqual([
      {
        level: 'warn',
        message: 'stream failed',
        fields: { stream: 's', chunks: 1, reason: String.raw`oh\u000a{"level":"info"}` },
      },
    ]);
  });
});
