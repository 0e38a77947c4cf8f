import { runStatuses } from '../../run/run-info.js';
import {
  answer,
  answerJson,
  type Operation,
  operation,
  type OperationParts,
  parameter,
  schema,
  segment,
} from './operation.js';

/** Requests that a path answers, by method. */
type Path = Readonly<Record<string, Operation>>;

const text = { type: 'string' };
const count = { type: 'integer', minimum: 0 };
const bytes = { description: 'The stream, in its own media type.' };
const eventStream = { 'text/event-stream': { ...text, description: 'Server-sent events, see asyncapi.json.' } };

const stream = segment('stream', 'Name of the stream, each segment percent-encoded: books/moby-dick.');
const execution = segment('executionId', 'Id of the run.');
const lastEventId = parameter('header', 'Last-Event-ID', 'Go on behind this event: a browser says it by itself.');
const unknownStream = { 404: 'There is no such stream.' };
const unknownRun = { 404: 'There is no such run.' };
const badRequest = { 400: 'The request is not as it should be.' };
const notAllowed = { 401: 'Who asks must say who that is.', 403: 'This one may not do it.' };
const full = { 429: 'There are too many already, or they come too fast; Retry-After says when to come again.' };
const unavailable = { 503: 'The log is out of reach, or the server is leaving: ask another.' };

function read(
  summary: string,
  tag: string,
  answers: OperationParts['answers'],
  refusals: OperationParts['refusals'] = {},
): Path {
  const get = operation(summary, { tag, answers, refusals });
  return { get, head: { ...get, operationId: `${String(get['operationId'])}Head` } };
}

function withParameters(path: Path, parameters: readonly Operation[]): Path {
  return Object.fromEntries(Object.entries(path).map(([method, one]) => [method, { ...one, parameters }]));
}

const server: Readonly<Record<string, Path>> = {
  '/': read('Show the page', 'server', { 200: answer('A page that shows streams live.', { 'text/html': text }) }),
  '/monitor/{file}': withParameters(
    read(
      'Show a part of the page',
      'server',
      { 200: answer('It.', { '*/*': text }), 304: answer('It is what the browser has.') },
      { 404: 'There is no such part, or it was not built.' },
    ),
    [segment('file', 'monitor.js, components.js, monitor.css or icon.svg.')],
  ),
  '/monitor/state': withParameters(
    read(
      'Show how things stand',
      'server',
      { 200: answerJson('Streams, readers and runs, as the page shows them.', { type: 'object' }) },
      notAllowed,
    ),
    [
      parameter('query', 'since', 'Number of the last change that was seen.', count),
      parameter('query', 'life', 'What the answer before has said.'),
      parameter('query', 'stream', 'Name of a stream to look at closely.'),
    ],
  ),
  '/metrics': read('Show metrics', 'server', {
    200: answer("Everything that is measured, in Prometheus' text format.", { 'text/plain': text }),
  }),
  '/healthz': read('Tell that the server lives', 'server', { 200: answerJson('It does.', schema('Health')) }),
  '/readyz': read('Tell whether the server is ready', 'server', {
    200: answerJson('It is.', schema('Readiness')),
    503: answerJson('It is not: its log does not answer, or it takes nobody.', schema('Readiness')),
  }),
  '/openapi.json': read('Describe HTTP', 'server', { 200: answerJson('This document.', { type: 'object' }) }),
  '/asyncapi.json': read('Describe messages', 'server', {
    200: answerJson('What is said over WebSocket and server-sent events.', { type: 'object' }),
  }),
};

const follow = {
  get: operation('Follow a stream', {
    tag: 'streams',
    parameters: [
      stream,
      parameter('query', 'from', 'beginning, now, snapshot, or the number of a chunk.'),
      lastEventId,
      parameter('query', 'access', 'A signed permission, for those who can set no header.'),
    ],
    answers: {
      200: answer('Chunks as they come, until the end.', eventStream),
      204: answer('There is nothing more: who reads has seen the end.'),
    },
    refusals: { ...badRequest, ...notAllowed, ...unknownStream, ...full, ...unavailable },
  }),
};

const streams: Readonly<Record<string, Path>> = {
  '/streams': read(
    'List streams',
    'streams',
    { 200: answerJson('The streams there are.', { type: 'array', items: schema('StreamInfo') }) },
    { ...notAllowed, ...unavailable },
  ),
  '/streams/{stream}': follow,
  '/sse/{stream}': { get: { ...follow.get, operationId: 'followAStreamBySse', summary: 'Follow a stream: the same' } },
};

const started = { type: 'object', properties: { executionId: text }, required: ['executionId'] };

const runs: Readonly<Record<string, Path>> = {
  '/v1/runs': {
    get: operation('List runs', {
      tag: 'runs',
      parameters: [
        parameter('query', 'status', 'Only runs that stand so; several with commas between.', {
          type: 'array',
          items: { enum: [...runStatuses] },
        }),
        parameter('query', 'pipeline', 'Only runs of this pipeline.'),
        parameter('query', 'limit', 'Most runs of a page.', { ...count, maximum: 1000 }),
        parameter('query', 'after', 'The next of the page before.'),
      ],
      answers: { 200: answerJson('Runs, the newest first.', schema('RunPage')) },
      refusals: { ...badRequest, ...notAllowed },
    }),
    post: operation('Start a run', {
      tag: 'runs',
      body: { 'application/json': schema('StartRun') },
      answers: { 201: answerJson('The run is in the log.', started) },
      refusals: {
        ...badRequest,
        ...notAllowed,
        409: 'There is a run of this id.',
        413: 'The body is too large.',
        415: 'The body is no JSON.',
        ...full,
        ...unavailable,
      },
    }),
  },
  '/v1/runs/{executionId}': {
    get: operation('Show a run', {
      tag: 'runs',
      parameters: [execution],
      answers: { 200: answerJson('Where it stands.', schema('RunInfo')) },
      refusals: { ...badRequest, ...notAllowed, ...unknownRun },
    }),
  },
  '/v1/runs/{executionId}/cancel': {
    post: operation('Cancel a run', {
      tag: 'runs',
      parameters: [execution],
      body: { 'application/json': schema('CancelRun') },
      answers: { 202: answerJson('It is asked to stop, or has ended.', started) },
      refusals: { ...badRequest, ...notAllowed, ...unknownRun },
    }),
  },
  '/v1/runs/{executionId}/input': {
    post: operation('Answer a step that waits', {
      tag: 'runs',
      parameters: [execution],
      body: { 'application/json': schema('AnswerRun') },
      answers: { 202: answerJson('The answer is kept.', started) },
      refusals: { ...badRequest, ...notAllowed, ...unknownRun, 409: 'Nobody waits for it, or it was given before.' },
    }),
  },
  '/stream/pipeline/{executionId}': {
    get: operation('Watch a run', {
      tag: 'runs',
      parameters: [
        execution,
        parameter('query', 'types', 'Only events of these types; several with commas between.'),
        parameter('query', 'steps', 'Only events of these steps, and of the run itself.'),
        parameter('query', 'from', 'beginning, now, or the number of an event.'),
        lastEventId,
      ],
      answers: {
        200: answer('Its events as they come, until the last.', eventStream),
        204: answer('There is nothing more: who watches has seen the end.'),
      },
      refusals: { ...badRequest, ...notAllowed, ...unknownRun, ...full },
    }),
  },
};

const seq = parameter('header', 'Stream-Seq', 'Keep it only if it sorts behind what was said before.');
const producer = ['Producer-Id', 'Producer-Epoch', 'Producer-Seq'].map((name) =>
  parameter('header', name, 'Who writes, in which life, and the number of this: what is sent twice is kept once.'),
);
const closed = parameter('header', 'Stream-Closed', 'true: end the stream behind the body.');
const durableRefusals = { ...badRequest, ...notAllowed, ...full, ...unavailable };
const created = [
  parameter('header', 'Stream-TTL', 'Seconds without reading or writing after which it is removed.', count),
  parameter('header', 'Stream-Expires-At', 'When it is removed, as RFC 3339 has it.'),
  parameter('header', 'Stream-Forked-From', 'Path of the stream it takes over.'),
  parameter('header', 'Stream-Fork-Offset', 'Up to where.'),
  parameter('header', 'Stream-Fork-Sub-Offset', 'And how many messages of what begins there.', count),
  closed,
];
const reading = [
  parameter('query', 'offset', '-1 for the beginning, now, or what Stream-Next-Offset has said.'),
  parameter('query', 'live', 'Wait for what comes.', { enum: ['long-poll', 'sse'] }),
  parameter('query', 'cursor', 'What Stream-Cursor has said, so that caches keep readers together.'),
  parameter('header', 'If-None-Match', 'What ETag has said.'),
];

const durable: Readonly<Record<string, Path>> = {
  '/v1/stream/{stream}': {
    put: operation('Create a durable stream', {
      tag: 'durable streams',
      parameters: [stream, ...created],
      body: { '*/*': bytes },
      answers: { 200: answer('It was there, and is the same.'), 201: answer('It is created.') },
      refusals: { ...durableRefusals, 409: 'There is another of this name.', 413: 'The body is too large.' },
    }),
    post: operation('Append to a durable stream', {
      tag: 'durable streams',
      parameters: [stream, seq, ...producer, closed],
      body: { '*/*': bytes },
      answers: { 200: answer('It is kept; the producer is known.'), 204: answer('It is kept, or was before.') },
      refusals: {
        ...durableRefusals,
        ...unknownStream,
        409: 'It is closed, of another media type, or the number is not the next.',
        413: 'The body is too large.',
        507: 'There is no room.',
      },
    }),
    get: operation('Read a durable stream', {
      tag: 'durable streams',
      parameters: [stream, ...reading],
      answers: {
        200: answer('What is there, or comes.', { '*/*': bytes, ...eventStream }),
        204: answer('Nothing came.'),
        304: answer('There is nothing new.'),
      },
      refusals: { ...durableRefusals, ...unknownStream },
    }),
    head: operation('Look up a durable stream', {
      tag: 'durable streams',
      parameters: [stream],
      answers: { 200: answer('Where it ends, and whether it is closed, in headers.') },
      refusals: unknownStream,
    }),
    delete: operation('Remove a durable stream', {
      tag: 'durable streams',
      parameters: [stream],
      answers: { 204: answer('It is gone.') },
      refusals: { ...notAllowed, ...unknownStream },
    }),
  },
};

const subscription = segment('id', 'Id of the subscription.');
const object = { type: 'object' };

function control(summary: string, body: boolean, more: readonly Operation[] = []): Operation {
  return operation(summary, {
    tag: 'subscriptions',
    parameters: [subscription, ...more],
    ...(body ? { body: { 'application/json': object } } : {}),
    answers: { 200: answerJson('Done.', object), 201: answerJson('Created.', object), 204: answer('Done.') },
    refusals: { ...badRequest, ...notAllowed, 404: 'There is no such subscription.', 409: 'It is another, or taken.' },
  });
}

const subscriptions: Readonly<Record<string, Path>> = {
  '/v1/stream/__ds/jwks.json': {
    get: operation('Show the keys of webhooks', {
      tag: 'subscriptions',
      answers: { 200: answer('A set of keys.', { 'application/jwk-set+json': object }) },
    }),
  },
  '/v1/stream/__ds/subscriptions/{id}': {
    put: control('Create a subscription', true),
    get: control('Show a subscription', false),
    delete: control('Remove a subscription', false),
  },
  '/v1/stream/__ds/subscriptions/{id}/streams': { post: control('Add streams to a subscription', true) },
  '/v1/stream/__ds/subscriptions/{id}/streams/{stream}': {
    delete: control('Take a stream from a subscription', false, [stream]),
  },
  '/v1/stream/__ds/subscriptions/{id}/claim': { post: control('Claim work', true) },
  '/v1/stream/__ds/subscriptions/{id}/callback': { post: control('Acknowledge a webhook', true) },
  '/v1/stream/__ds/subscriptions/{id}/ack': { post: control('Acknowledge work', true) },
  '/v1/stream/__ds/subscriptions/{id}/release': { post: control('Release work', true) },
};

/** @internal Every path a server answers over HTTP, with what it answers. */
export const paths: Readonly<Record<string, Path>> = {
  ...server,
  ...streams,
  ...runs,
  ...durable,
  ...subscriptions,
};
