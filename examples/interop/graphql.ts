// GraphQL subscriptions on a stream: a client that comes back asks for what is behind the last chunk it has.
import { createServer } from 'node:http';
import {
  GraphQLID,
  GraphQLInt,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  type GraphQLFieldConfig,
} from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import type { Chunk } from 'sluice/chunk';
import { createMemoryLog } from 'sluice/log/memory';
import { stamp } from 'sluice/operators';
import { fromPull } from 'sluice/source/iterable';
import { createStreams, publishTo } from 'sluice/streams';
import { WebSocketServer } from 'ws';

const streams = createStreams({ log: createMemoryLog() });
fromPull('Call me Ishmael. Some years ago, never mind how long precisely.'.split(/(?<= )/))
  .pipe(stamp({ streamId: 'books/moby-dick' }), publishTo(streams, 'books/moby-dick'))
  .subscribe();

const chunk = new GraphQLObjectType<Chunk>({
  name: 'Chunk',
  fields: { seq: { type: GraphQLInt }, data: { type: GraphQLString } },
});

/** An async iterable is all that GraphQL wants. It is read no faster than the events are sent, and let go with the client. */
const chunks: GraphQLFieldConfig<unknown, unknown, { stream: string; from?: number }> = {
  type: chunk,
  args: { stream: { type: new GraphQLNonNull(GraphQLID) }, from: { type: GraphQLInt } },
  subscribe: (_, { stream, from }) => streams.read(stream, { from: from ?? 'beginning' }),
  resolve: (each) => each,
};

const schema = new GraphQLSchema({
  query: new GraphQLObjectType({ name: 'Query', fields: { ready: { type: GraphQLString, resolve: () => 'yes' } } }),
  subscription: new GraphQLObjectType({ name: 'Subscription', fields: { chunks } }),
});

const server = createServer();
useServer({ schema }, new WebSocketServer({ server, path: '/graphql' }));
server.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  console.log(`ws://127.0.0.1:${(server.address() as { port: number }).port}/graphql`);
  console.log('subscription { chunks(stream: "books/moby-dick", from: 3) { seq data } }');
});
