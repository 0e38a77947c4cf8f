import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../../src/testing/simulate/random.js';
import type { TestServer } from '../servers/server.js';
import { Fleet } from './fleet.js';
import { Traffic } from './traffic.js';

/** What may happen to a gateway: it is killed, drained, or parted from the store. */
export const mishaps = ['kill', 'drain', 'part'] as const;
/** One of them. */
export type Mishap = (typeof mishaps)[number];

/** How often, and how. */
export interface GatewaysOptions {
  /** What happens, in this order, each to a gateway left to chance. */
  readonly mishaps: readonly Mishap[];
  /** The same seed does the same after the same waits; what is under way then differs all the same. */
  readonly seed: number;
  /** Nothing more happens after this long. Default: as long as it takes. */
  readonly maxMs?: number;
  readonly gateways?: number;
  /** Told of everything that happens. */
  readonly tell?: (line: string) => void;
}

/** How it went. */
export interface GatewaysReport {
  readonly mishaps: number;
  readonly chunks: number;
  /** What was lost, doubled, out of order, made up, not ended, or did not end well. */
  readonly findings: readonly string[];
}

/** How long readers and writers may take to come to their end when everything is well again. */
const patienceMs = 60_000;

/** Does gateways over one store harm while many read and write through them, and compares what was read with what was written. */
export async function harmGateways(store: TestServer, options: GatewaysOptions): Promise<GatewaysReport> {
  const { tell = () => {}, maxMs = Infinity } = options;
  const random = new Random(options.seed);
  const fleet = await Fleet.start(store, options.gateways ?? 3);
  try {
    const traffic = new Traffic(fleet.urls, random.fork());
    await Promise.all([
      traffic.begin('one', 'websocket'),
      traffic.begin('two', 'websocket'),
      traffic.begin('three', 'http'),
    ]);
    const up = new Set(fleet.urls.keys());
    const wrong: string[] = [];
    const recoveries = new Set<Promise<void>>();
    const begun = performance.now();
    let count = 0;
    for (const mishap of options.mishaps) {
      if (performance.now() - begun > maxMs) break;
      await pause(random.int(100, 1000));
      // Somebody is to be there to go to, sooner or later.
      while (up.size === 1) await Promise.race(recoveries);
      const victim = random.pick([...up] as [number, ...number[]]);
      up.delete(victim);
      count++;
      tell(`${mishap} gateway ${victim} at ${traffic.written} chunks`);
      const recover = async (): Promise<void> => {
        const finding = await harm(fleet, victim, mishap, random.fork());
        if (finding !== undefined) wrong.push(finding);
        up.add(victim);
        recoveries.delete(recovery);
      };
      const recovery = recover();
      recoveries.add(recovery);
    }
    await Promise.all(recoveries);
    const findings = await traffic.end(patienceMs);
    return { mishaps: count, chunks: traffic.written, findings: [...wrong, ...findings] };
  } finally {
    await fleet.dispose();
  }
}

/** Does one gateway harm, and sees to it that it is well again after a while. Answers what went wrong with it. */
async function harm(fleet: Fleet, victim: number, mishap: Mishap, random: Random): Promise<string | undefined> {
  if (mishap === 'part') {
    fleet.part(victim);
    // Sometimes it is noticed, and sometimes it was over before.
    await pause(random.int(300, 4000));
    fleet.mend(victim);
    return undefined;
  }
  const finding = mishap === 'drain' ? await fleet.drain(victim) : await fleet.kill(victim);
  await pause(random.int(0, 500));
  await fleet.revive(victim);
  return finding;
}
