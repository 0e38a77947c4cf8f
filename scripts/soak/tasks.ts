import { setTimeout as sleep } from 'node:timers/promises';
import type { SoakPage } from './page.js';

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** CPU time of the thread, in microseconds: what others take of the machine meanwhile does not count. */
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/** The CPU time of the page's tasks. */
export interface Tasks {
  readonly over50: number;
  /** Milliseconds. */
  readonly longest: number;
  /** Of one core. */
  readonly share: number;
}

/** Measures the tasks of a page's main thread for a while. */
export async function cpuTasks(page: SoakPage, forMs: number): Promise<Tasks> {
  const browser = page.page.context().browser()!;
  await browser.startTracing(page.page, { categories: ['toplevel'] });
  await sleep(forMs);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const threads = traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
  const tasks = threads.map(({ pid, tid }) => {
    const own = traceEvents.filter(
      (one) => one.pid === pid && one.tid === tid && one.ph === 'X' && one.name.endsWith('RunTask'),
    );
    return own.map(({ tdur = 0 }) => tdur / 1000);
  });
  // Of several renderers the page is the one that has the most to do.
  const busiest = tasks.toSorted((a, b) => sum(b) - sum(a))[0] ?? [];
  return {
    over50: busiest.filter((ms) => ms > 50).length,
    longest: Math.max(0, ...busiest),
    share: sum(busiest) / forMs,
  };
}

function sum(list: readonly number[]): number {
  return list.reduce((total, one) => total + one, 0);
}
