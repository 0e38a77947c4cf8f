import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import {
  type EventStore,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it } from 'vitest';
import { createMcpEventStore } from '../../src/interop/mcp.js';
import { createMemoryLog } from '../../src/log/memory.js';

const note = (n: number): JSONRPCMessage => ({ jsonrpc: '2.0', method: 'notifications/message', params: { n } });

async function replayed(
  store: EventStore,
  lastEventId: string,
): Promise<{ streamId: string; sent: [string, JSONRPCMessage][] }> {
  const sent: [string, JSONRPCMessage][] = [];
  const streamId = await store.replayEventsAfter(lastEventId, {
    send: async (id, message) => {
      await Promise.resolve();
      sent.push([id, message]);
    },
  });
  return { streamId, sent };
}

describe('createMcpEventStore', () => {
  it('gives what was kept behind an event, in order, in any process', async () => {
    const log = createMemoryLog();
    const store: EventStore = createMcpEventStore<JSONRPCMessage>({ log, sessionId: 's' });
    const ids = [];
    for (let n = 0; n < 600; n++) {
      ids.push(await store.storeEvent('a:b', note(n)));
      await store.storeEvent('other', note(-n));
    }
    const elsewhere = createMcpEventStore<JSONRPCMessage>({ log, sessionId: 's' });
    const { streamId, sent } = await replayed(elsewhere, ids[9]!);
    expect(streamId).toBe('a:b');
    expect(sent).toEqual(ids.slice(10).map((id, i) => [id, note(i + 10)]));
    expect(await elsewhere.getStreamIdForEventId(ids[0]!)).toBe('a:b');
    expect((await replayed(elsewhere, ids.at(-1)!)).sent).toEqual([]);
  });

  it('keeps sessions apart, whose streams have the same names', async () => {
    const log = createMemoryLog();
    const [one, other] = ['1', '2'].map((sessionId) => createMcpEventStore<JSONRPCMessage>({ log, sessionId }));
    const id = await one!.storeEvent('_GET_stream', note(1));
    await one!.storeEvent('_GET_stream', note(2));
    await other!.storeEvent('_GET_stream', note(3));
    expect((await replayed(other!, id)).sent).toEqual([]);
  });

  it('sends no event that only opens a stream', async () => {
    const store = createMcpEventStore<JSONRPCMessage>({ log: createMemoryLog(), sessionId: 's' });
    const id = await store.storeEvent('a', note(0));
    await store.storeEvent('a', {} as JSONRPCMessage);
    await store.storeEvent('a', note(1));
    expect((await replayed(store, id)).sent).toEqual([['a:2', note(1)]]);
  });

  it('forgets the oldest, and says so instead of leaving a hole', async () => {
    const store = createMcpEventStore<JSONRPCMessage>({ log: createMemoryLog(), sessionId: 's', maxEvents: 10 });
    for (let n = 0; n < 128; n++) await store.storeEvent('a', note(n));
    expect((await replayed(store, 'a:117')).sent).toHaveLength(10);
    await expect(replayed(store, 'a:3')).rejects.toMatchObject({ code: 'gap' });
  });

  it.each(['', 'a', 'a:', ':1', 'a:-1', 'a:1.5', '%E0%A4%A:1'])('knows no event %j', async (id) => {
    const store = createMcpEventStore<JSONRPCMessage>({ log: createMemoryLog(), sessionId: 's' });
    expect(await store.getStreamIdForEventId(id)).toBeUndefined();
    await expect(replayed(store, id)).rejects.toMatchObject({ code: 'data-malformed' });
  });

  it('refuses options that cannot be', async () => {
    const log = createMemoryLog();
    expect(() => createMcpEventStore({ log, sessionId: '..' })).toThrow(
      expect.objectContaining({ code: 'name-invalid' }),
    );
    expect(() => createMcpEventStore({ log, sessionId: 3 as never })).toThrow(
      expect.objectContaining({ code: 'name-invalid' }),
    );
    expect(() => createMcpEventStore({ log, sessionId: 's', maxEvents: 0 })).toThrow(RangeError);
    const store = createMcpEventStore({ log, sessionId: 's' });
    await expect(store.storeEvent('\ud800', {})).rejects.toMatchObject({ code: 'name-invalid' });
  });

  it('serves the real transport: a client that comes back gets the answer it was cut off from', async () => {
    const log = createMemoryLog();
    const sessionId = 'session-1';
    const eventStore = createMcpEventStore<JSONRPCMessage>({ log, sessionId });
    const transport = new WebStandardStreamableHTTPServerTransport({ sessionIdGenerator: () => sessionId, eventStore });
    const server = new McpServer({ name: 'test', version: '1' });
    let answer = (): void => {};
    const asked = new Promise<void>((resolve) => {
      server.registerTool('slow', {}, async () => {
        resolve();
        await new Promise<void>((done) => (answer = done));
        return { content: [{ type: 'text', text: 'Call me Ishmael.' }] };
      });
    });
    await server.connect(transport);
    const headers = {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-protocol-version': '2025-11-25',
    };
    const send = async (method: string, said?: object, more = {}): Promise<Response> =>
      await transport.handleRequest(
        new Request('http://127.0.0.1/mcp', {
          method,
          headers: { ...headers, ...more },
          ...(said === undefined ? {} : { body: JSON.stringify(said) }),
        }),
      );
    const initialize = {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
    };
    await (await send('POST', initialize)).text();
    const session = { 'mcp-session-id': sessionId };
    await send('POST', { jsonrpc: '2.0', method: 'notifications/initialized' }, session);
    const call = { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'slow', arguments: {} } };
    const response = await send('POST', call, session);
    const reader = response.body!.getReader();
    const first = new TextDecoder().decode((await reader.read()).value);
    const [, id = ''] = /^id: (.*)$/m.exec(first) ?? [];
    expect(id).not.toBe('');
    await asked;
    await reader.cancel();
    answer();
    await expect.poll(async () => (await replayed(eventStore, id)).sent.length).toBe(1);
    const again = await send('GET', undefined, { ...session, 'last-event-id': id });
    const rest = again.body!.getReader();
    expect(new TextDecoder().decode((await rest.read()).value)).toContain('Call me Ishmael.');
    await rest.cancel();
    await server.close();
  });
});
