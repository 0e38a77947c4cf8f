import { headSchema } from '../../chunk/chunk-schema.js';
import { closeCodes, subprotocol } from '../../protocol/index.js';
import { type JsonSchema, jsonSchemaOf } from './json-schema.js';
import { frames, schemas } from './schemas.js';

/** A channel's message, and who says it. */
interface Said {
  readonly name: string;
  readonly by: 'client' | 'server';
  readonly payload: JsonSchema;
  readonly summary?: string;
}

interface Channel {
  readonly address: string;
  readonly description: string;
  readonly parameters?: readonly (readonly [name: string, description: string])[];
  readonly protocol: 'ws' | 'http';
  readonly messages: readonly Said[];
}

const draft = 'draft-7';
const chunk = jsonSchemaOf(schemas.Chunk, draft);

/** A frame's chunks: what stands in a frame of them. */
const heads = { type: 'array', items: { $ref: '#/components/schemas/ChunkHead' } };

function frameMessages(by: Said['by']): Said[] {
  return Object.entries(frames[by]).map(([name, schema]) => {
    const payload = jsonSchemaOf(schema, draft) as { readonly properties: Record<string, JsonSchema> };
    const { chunks } = payload.properties;
    if (chunks?.['type'] !== 'array') return { name, by, payload };
    return {
      name,
      by,
      payload: { ...payload, properties: { ...payload.properties, chunks: { ...chunks, ...heads } } },
    };
  });
}

/** Fields of frames that make no sense in an event of one stream. */
const ofFrames: ReadonlySet<string> = new Set(['t', 'ch', 'stream', 'producer', 'epoch', 'expected', 'retryAfterMs']);

/** What a frame says of a thing that server-sent events say of it, too. */
function eventOf(frame: 'gap' | 'end' | 'error', summary: string): Said {
  const payload = jsonSchemaOf(frames.server[frame], draft) as {
    readonly properties: Record<string, JsonSchema>;
    readonly required: readonly string[];
  };
  const kept = Object.entries(payload.properties).filter(([field]) => !ofFrames.has(field));
  const required = payload.required.filter((field) => !ofFrames.has(field));
  return {
    name: frame,
    by: 'server',
    summary,
    payload: { ...payload, properties: Object.fromEntries(kept), required },
  };
}

const closes = Object.entries(closeCodes).map(([name, code]) => `${code} ${name}`);

function channels(): Record<string, Channel> {
  const stream = ['stream', 'Name of the stream, each segment percent-encoded.'] as const;
  const run = ['executionId', 'Id of the run.'] as const;
  const watching: readonly Said[] = [
    { name: 'runEvent', by: 'server', summary: 'What has happened.', payload: jsonSchemaOf(schemas.RunEvent, draft) },
  ];
  return {
    gateway: {
      address: '/',
      description: `WebSocket, subprotocol ${subprotocol}. A message holds frames with line feeds between; those with binary chunks go as records. PROTOCOL.md is the truth. Closed with one of: ${closes.join(', ')}.`,
      protocol: 'ws',
      messages: [...frameMessages('client'), ...frameMessages('server')],
    },
    watchRun: {
      address: '/ws/pipeline/{executionId}',
      description: 'The events of a run over a WebSocket, one a message, until the last.',
      parameters: [run],
      protocol: 'ws',
      messages: watching,
    },
    followRun: {
      address: '/stream/pipeline/{executionId}',
      description: 'The same as server-sent events, each under its event_type.',
      parameters: [run],
      protocol: 'http',
      messages: watching,
    },
    followStream: {
      address: '/streams/{stream}',
      description: 'A stream as server-sent events, also at /sse/{stream}: section 8 of PROTOCOL.md.',
      parameters: [stream],
      protocol: 'http',
      messages: [
        { name: 'chunk', by: 'server', summary: 'An event without a name; its id is the number.', payload: chunk },
        { name: 'snapshot', by: 'server', summary: 'What the chunks before come to.', payload: chunk },
        eventOf('gap', 'Chunks that will not come.'),
        eventOf('end', 'The end of the stream.'),
        eventOf('error', 'Why it does not go on.'),
        { name: 'push', by: 'server', summary: 'Something beside the stream.', payload: {} },
      ],
    },
  };
}

/**
 * Describes what is said over WebSocket and server-sent events, as AsyncAPI 3 has it. The schemas are those the server checks by.
 *
 * @internal
 */
export function asyncApi(version: string): object {
  const all = Object.entries(channels());
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'sluice',
      version,
      description: 'Streams of chunks that must arrive. What is asked over HTTP is in openapi.json.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    servers: Object.fromEntries(['ws', 'http'].map((protocol) => [protocol, serverOf(protocol)])),
    channels: Object.fromEntries(all.map(([name, channel]) => [name, channelOf(channel)])),
    operations: Object.fromEntries(all.flatMap(([name, channel]) => operationsOf(name, channel))),
    components: { schemas: { ChunkHead: jsonSchemaOf(headSchema, draft) } },
  };
}

function serverOf(protocol: string): object {
  const host = { default: 'localhost:4437', description: 'Where the server listens.' };
  return { host: '{host}', protocol, variables: { host } };
}

function channelOf({ address, description, parameters = [], protocol, messages }: Channel): object {
  return {
    address,
    description,
    servers: [{ $ref: `#/servers/${protocol}` }],
    ...(parameters.length === 0
      ? {}
      : { parameters: Object.fromEntries(parameters.map(([name, says]) => [name, { description: says }])) }),
    messages: Object.fromEntries(
      messages.map(({ name, summary, payload }) => [
        name,
        { name, ...(summary === undefined ? {} : { summary }), payload },
      ]),
    ),
  };
}

/** The server receives what a client says, and sends the rest. */
function operationsOf(channel: string, { messages }: Channel): [string, object][] {
  return (['client', 'server'] as const).flatMap((by) => {
    const said = messages.filter((message) => message.by === by);
    if (said.length === 0) return [];
    const action = by === 'client' ? 'receive' : 'send';
    const refs = said.map(({ name }) => ({ $ref: `#/channels/${channel}/messages/${name}` }));
    return [[`${action}.${channel}`, { action, channel: { $ref: `#/channels/${channel}` }, messages: refs }]];
  });
}
