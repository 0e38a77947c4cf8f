// Fastify: rows of a database as newline-delimited JSON, read no faster than the client takes them.
import Fastify from 'fastify';
import { toNode } from 'sluice/response/to-node';

/** Stands for a cursor of your database. */
async function* rows(): AsyncGenerator<{ id: number; name: string }> {
  for (let id = 0; id < 1000; id++) yield { id, name: `row ${id}` };
}

const app = Fastify();
app.get('/rows', async (_, reply) => {
  // From here on the response is ours.
  reply.hijack();
  await toNode(rows(), reply.raw, { format: 'ndjson', compression: true });
});
console.log(`curl -N ${await app.listen({ port: Number(process.env['PORT'] ?? 3000), host: '127.0.0.1' })}/rows`);
