import { setTimeout as sleep } from 'node:timers/promises';
import type { SoakPage } from './page.js';

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** How long it took, and how much of that the thread was at work, in microseconds: what others take of the machine is the difference. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/** The tasks of a page's main thread, by the clock and by CPU time, in milliseconds. */
export interface Tasks {
  readonly clock: { readonly over50: number; readonly longest: number };
  readonly cpu: { readonly over50: number; readonly longest: number; /** Of one core. */ readonly share: number };
}

/** Measures the tasks of a page's main thread for a while, from when something is begun. */
export async function tasksOf(page: SoakPage, forMs: number, begin?: () => Promise<unknown>): Promise<Tasks> {
  const browser = page.page.context().browser()!;
  await browser.startTracing(page.page, { categories: ['toplevel'] });
  await begin?.();
  await sleep(forMs);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const threads = traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
  const renderers = threads.map(({ pid, tid }) => {
    const own = traceEvents.filter(
      (one) => one.pid === pid && one.tid === tid && one.ph === 'X' && one.name.endsWith('RunTask'),
    );
    return {
      clock: own.map(({ dur = 0 }) => dur / 1000),
      cpu: own.map(({ tdur = 0 }) => tdur / 1000),
    };
  });
  // Of several renderers the page is the one that has the most to do.
  const [busiest = { clock: [], cpu: [] }] = renderers.toSorted((a, b) => sum(b.cpu) - sum(a.cpu));
  return { clock: longOf(busiest.clock), cpu: { ...longOf(busiest.cpu), share: sum(busiest.cpu) / forMs } };
}

function longOf(times: readonly number[]): { readonly over50: number; readonly longest: number } {
  return { over50: times.filter((ms) => ms > 50).length, longest: Math.max(0, ...times) };
}

function sum(list: readonly number[]): number {
  return list.reduce((total, one) => total + one, 0);
}
