import { createChunk } from 'sluice/chunk';
import { serve } from 'sluice/node';

/** A server over HTTP/2 with a stream of one large chunk, that tells what memory it takes when it is asked. */
const server = await serve({ port: 0, h2c: true, connect: true });
await server.streams.publish('large', [createChunk({ streamId: 'large', seq: 0, data: 'x'.repeat(8 << 20) })]);
await server.streams.close('large');
process.on('message', () => process.send!({ rss: process.memoryUsage().rss }));
process.send!({ port: server.port });
