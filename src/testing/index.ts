/**
 * Marble tests, laws for your own operators, logs, queues and transports, with vitest; and the simulation.
 *
 * @module
 */
export * from './async-marbles.js';
export * from './marbles.js';
export { operatorLaws, type MakeOperator, type OperatorLawOptions } from './operator-laws.js';
export {
  transportLaws,
  type MakeTransport,
  type TransportLawOptions,
  type TransportUnderTest,
} from './transport-laws.js';
export { logLaws, type MakeLog } from './log-laws.js';
export type { LogUnderTest } from './log-stage.js';
export { queueLaws, type MakeQueue } from './queue-laws.js';
export type { QueueUnderTest } from './queue-stage.js';
export { simulate, type Finding, type SimulateOptions, type Simulation } from './simulate.js';
