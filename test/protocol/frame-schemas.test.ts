import { describe, expect, it } from 'vitest';
import { clientFrames, serverFrames } from '../../src/protocol/frame-schemas.js';
import { fromClient, fromServer } from './samples.js';

describe('frames', () => {
  it('are named by their t', () => {
    for (const [t, schema] of [...Object.entries(clientFrames), ...Object.entries(serverFrames)]) {
      expect(schema.shape.t.value).toBe(t);
    }
  });

  it('have samples of every kind', () => {
    expect(new Set(fromClient.map(({ t }) => t))).toEqual(new Set(Object.keys(clientFrames)));
    expect(new Set(fromServer.map(({ t }) => t))).toEqual(new Set(Object.keys(serverFrames)));
  });

  it('fit their schemas, and not with a field too many', () => {
    for (const frame of fromClient) {
      expect(clientFrames[frame.t].safeParse(frame).success, JSON.stringify(frame)).toBe(true);
      expect(clientFrames[frame.t].safeParse({ ...frame, extra: 1 }).success, frame.t).toBe(false);
    }
    for (const frame of fromServer) {
      expect(serverFrames[frame.t].safeParse(frame).success, JSON.stringify(frame)).toBe(true);
      expect(serverFrames[frame.t].safeParse({ ...frame, extra: 1 }).success, frame.t).toBe(false);
    }
  });

  it('carry one snapshot at most, and none that stands for nothing', () => {
    const answer = { t: 'subscribed', stream: 'a', ch: 0, seq: 1 };
    const takes = (more: object) => serverFrames.subscribed.safeParse({ ...answer, ...more }).success;
    expect([{ chunks: [{}] }, { chunks: [] }, { chunks: [{}, {}] }, { chunks: [{}], seq: 0 }].map(takes)).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});
