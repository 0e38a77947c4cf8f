// API keys: whoever has one reads what is his, and nobody else does.
import { WebSocket } from 'ws';
import { apiKeys, createApiKey } from 'sluice/auth/api-keys';
import { createChunk } from 'sluice/chunk';
import { createClient } from 'sluice/client';
import { serve } from 'sluice/node';
import { createWebSocketTransport } from 'sluice/transport/websocket/client';

const ann = createApiKey('ann');
const auditor = createApiKey('auditor', { scopes: ['read:notes/*', 'list'] });
const server = await serve({ port: 0, authenticate: apiKeys([ann.record, auditor.record]) });

const client = createClient({
  transport: createWebSocketTransport({ url: server.url, WebSocket }),
  token: () => ann.key,
});
await client.publish('notes/1', [createChunk({ streamId: 'notes/1', seq: 0, data: 'mine' })]);
client.close();

const read = async (key: string, stream: string): Promise<void> => {
  const { status } = await fetch(`${server.url}/v1/stream/${stream}`, { headers: { authorization: `Bearer ${key}` } });
  console.log(`${stream}: ${status}`);
};
await read(ann.key, 'notes/1'); // 200
await read(auditor.key, 'notes/1'); // 200
await read(auditor.key, 'other'); // 403
await read('slk_wrong', 'notes/1'); // 401
console.log(server.refusals.read().unauthenticated);
await server.close();
