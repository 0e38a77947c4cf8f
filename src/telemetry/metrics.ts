import type { Metric } from './metric.js';

/**
 * Everything that is measured, a line each: `/metrics`, OpenTelemetry, docs/telemetry.md and the dashboard all go by this list.
 */
export const metrics = {
  streamsCreated: counter('sluice.streams.created', '{stream}', 'Streams created here.'),
  streamsEnded: counter('sluice.streams.ended', '{stream}', 'Streams ended here, by how and why.', [
    'status',
    'reason',
  ]),
  streamsDeleted: counter('sluice.streams.deleted', '{stream}', 'Streams removed here.'),
  streamsKept: gauge('sluice.streams.kept', '{stream}', 'Streams in the log, ended ones included.'),
  streamsActive: gauge('sluice.streams.active', '{stream}', 'Streams in the log that have not ended.'),
  streamsRead: gauge('sluice.streams.read', '{stream}', 'Streams that somebody reads here.'),
  chunksAwaited: gauge('sluice.chunks.awaited', '{chunk}', 'Chunks that active streams announced and do not have.'),
  leasesHeld: gauge('sluice.leases.held', '{lease}', 'Leases that producers hold.'),
  createDuration: histogram('sluice.stream.create.duration', 'How long the log takes to create a stream.'),

  appendChunks: counter('sluice.append.chunks', '{chunk}', 'Chunks kept by the log.'),
  appendIo: counter('sluice.append.io', 'By', 'Data of the chunks kept by the log.'),
  appendDuplicates: counter('sluice.append.duplicates', '{chunk}', 'Chunks that a producer sent again, kept before.'),
  appendFailures: counter('sluice.append.failures', '{append}', 'Appends refused or failed.', ['error.type']),
  appendDuration: histogram('sluice.append.duration', 'From an append to its chunks being kept.'),

  readChunks: counter('sluice.read.chunks', '{chunk}', 'Chunks handed to readers in this process.'),
  readMissing: counter('sluice.read.missing', '{chunk}', 'Chunks asked for that are no longer kept.'),
  deliveryAge: histogram('sluice.delivery.age', 'Age of a chunk when a reader that waited for it has it.'),
  lagMax: gauge('sluice.readers.lag.max', '{chunk}', 'Chunks there are that the slowest reader of all has not got.'),
  lagSum: gauge('sluice.readers.lag.sum', '{chunk}', 'The same of the slowest reader of each stream, added up.'),
  streamLag: gauge('sluice.stream.lag', '{chunk}', 'The same of the streams furthest behind.', ['stream']),

  connections: gauge('sluice.connections', '{connection}', 'Connections open, over WebSocket, SSE and HTTP.'),
  connectionsOpened: counter('sluice.connections.opened', '{connection}', 'Connections taken.', ['transport']),
  connectionsClosed: counter('sluice.connections.closed', '{connection}', 'Connections ended, by why.', ['reason']),
  connectionsRefused: counter('sluice.connections.refused', '{connection}', 'Connections not taken.', ['reason']),
  subscriptions: gauge('sluice.subscriptions', '{subscription}', 'Readings of streams, over all connections.'),
  credit: gauge('sluice.credit', '{chunk}', 'Chunks that all readers together may still be sent.'),
  readersWithoutCredit: gauge('sluice.readers.without_credit', '{subscription}', 'Readings that gave no more credit.'),
  connectionsFull: gauge('sluice.connections.full', '{connection}', 'Connections whose link takes no more right now.'),
  pendingUtilization: gauge('sluice.pending.utilization', '1', 'Fullest of the buffers of what waits to be kept.'),
  deliveredChunks: counter('sluice.delivered.chunks', '{chunk}', 'Chunks sent to readers, for the first time.'),
  deliveredIo: counter('sluice.delivered.io', 'By', 'Data of the chunks sent to readers for the first time.'),
  resentChunks: counter('sluice.resent.chunks', '{chunk}', 'Chunks sent again because a reader missed them.'),
  missingChunks: counter('sluice.missing.chunks', '{chunk}', 'Chunks that readers were told are no longer kept.'),
  requestsRefused: counter('sluice.requests.refused', '{request}', 'What clients asked for and did not get.', [
    'error.type',
  ]),

  refusals: counter('sluice.refusals', '{refusal}', 'What was refused at a door, by why.', ['reason']),

  operatorChunks: counter('sluice.operator.chunks', '{chunk}', 'What operators met and did, by what it was.', [
    'outcome',
  ]),
  operatorRetries: counter('sluice.operator.retries', '{attempt}', 'Sources that were lost and opened again.'),

  runsStarted: counter('sluice.runs.started', '{run}', 'Runs begun or taken up here.'),
  runsEnded: counter('sluice.runs.ended', '{run}', 'Runs that ended here, or were left to another, by how.', [
    'status',
  ]),
  runDuration: histogram('sluice.run.duration', 'How long a run took.'),
  stepAttempts: counter('sluice.step.attempts', '{attempt}', 'Attempts of steps that are over.', ['outcome']),
  stepRetries: counter('sluice.step.retries', '{attempt}', 'Steps that are run again.'),
  stepsCompensated: counter('sluice.steps.compensated', '{step}', 'Finished steps that were undone.'),
  stepDuration: histogram('sluice.step.attempt.duration', 'How long an attempt of a step took.'),

  logUp: gauge('sluice.log.up', '{log}', '1 while the log answers, 0 while it does not.'),
  memory: gauge('process.memory.usage', 'By', 'Memory of the process.'),
  heapUsed: gauge('v8js.memory.heap.used', 'By', 'Heap in use.'),
  cpu: counter('process.cpu.time', 's', 'Processor time of the process.', ['cpu.mode']),
  eventLoopDelay: gauge('nodejs.eventloop.delay.p99', 's', '99th percentile of the delay of the event loop.'),
  uptime: gauge('process.uptime', 's', 'How long the process has lived.'),
  logLinesDropped: counter('sluice.log_lines.dropped', '{line}', 'Lines not written because there were too many.'),
  logLinesCleaned: counter('sluice.log_lines.cleaned', '{line}', 'Lines written without what a stranger put in them.'),
} as const satisfies Record<string, Metric>;

function counter(name: string, unit: string, description: string, attributes: readonly string[] = []): Metric {
  return { name, kind: 'counter', unit, description, attributes };
}

function gauge(name: string, unit: string, description: string, attributes: readonly string[] = []): Metric {
  return { name, kind: 'gauge', unit, description, attributes };
}

function histogram(name: string, description: string): Metric {
  return { name, kind: 'histogram', unit: 's', description };
}
