import { checkBound } from '../chunk/index.js';
import { type Client, type ClientOptions, createClient } from '../client/index.js';
import { createGateway, type Gateway, type GatewayOptions } from '../gateway/index.js';
import { drawScenario } from './simulate/draw-scenario.js';
import type { Finding } from './simulate/finding.js';
import { writeReport } from './simulate/report.js';
import { World } from './simulate/world.js';

export type { Finding };

/** Options of {@link simulate}: makers of machines of your own, to see them tried. */
export interface SimulateOptions {
  /** Makes the clients. Default `createClient`. */
  readonly createClient?: (options: ClientOptions) => Client;
  /** Makes the gateways, a new one after each restart. Default `createGateway`. */
  readonly createGateway?: (options: GatewayOptions) => Gateway;
}

/** What came of one run. */
export interface Simulation {
  readonly seed: number;
  /** What went wrong, in the order it was seen. Empty: nothing. */
  readonly findings: readonly Finding[];
  /** Chunks that were kept, messages that were sent, and virtual milliseconds that passed. */
  readonly figures: { readonly chunks: number; readonly messages: number; readonly virtualMs: number };
  /**
   * The run in words: what was planned, what went wrong, the command that runs it again, and a marble diagram of the way that
   * the chunks in question took, a line for each stage.
   */
  report(): string;
}

/**
 * Runs clients and gateway, with everything between and beneath them, over links that lose, repeat, reorder, delay, break and go
 * dead, under virtual time. A seed decides everything: the same seed, the same run.
 *
 * An oracle beside them demands of every run: what was acknowledged is in the log, once; every reader gets what the log keeps from
 * where it began, exactly once, in order, byte for byte, and ends as the stream does, soon after the faults have stopped; a hole
 * is where the log was trimmed and nowhere else; nothing is sent without credit, and nothing held beyond the window; after the end no
 * timer, connection or listener is left.
 *
 * @param seed - a whole number of at least 0
 *
 * @example
 * const { findings, report } = await simulate(4711);
 * if (findings.length > 0) throw new Error(report());
 */
export async function simulate(seed: number, options: SimulateOptions = {}): Promise<Simulation> {
  const world = new World(drawScenario(checkBound('seed', seed, { min: 0 })), {
    createClient,
    createGateway,
    ...options,
  });
  await world.run();
  return {
    seed,
    findings: world.findings,
    figures: world.figures(),
    report: () => writeReport(world),
  };
}
