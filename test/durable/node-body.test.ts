import { describe, expect, it } from 'vitest';
import { nodeBody } from '../../src/durable/node-body.js';
import { until } from '../servers/until.js';
import { type Asked, SocketStage } from './socket-stage.js';

const stage = new SocketStage();

/** What a server is asked by who sends a body of this length. */
async function asked(length: number, body: string): Promise<Asked> {
  return await stage.ask(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n${body}`);
}

const everything = (): boolean => true;

describe('nodeBody', () => {
  it('reads a body that comes in parts, and one that is empty', async () => {
    const { request, socket } = await asked(6, 'abc');
    const lengths: number[] = [];
    const body = nodeBody(request, (length) => lengths.push(length) > 0);
    await until('a part has come', () => lengths.length === 1);
    socket.write('def');
    expect(new TextDecoder().decode(await body)).toBe('abcdef');
    expect(lengths).toEqual([3, 6]);
    const { request: bare } = await asked(0, '');
    expect(await nodeBody(bare, everything)).toHaveLength(0);
  });

  it('reads no more of a body that is refused', async () => {
    const { request } = await asked(6, 'abc');
    expect(await nodeBody(request, (length) => length < 3)).toBeUndefined();
    expect(request.isPaused()).toBe(true);
  });

  it('fails for a body that is cut off, also when that was before', async () => {
    const { request, socket } = await asked(6, 'abc');
    const body = nodeBody(request, everything);
    socket.destroy();
    await expect(body).rejects.toThrow();
    await until('it is gone', () => request.destroyed);
    await expect(nodeBody(request, everything)).rejects.toThrow('cut off');
  });
});
