/**
 * Marble tests and laws for your own operators, logs and transports, with vitest.
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
