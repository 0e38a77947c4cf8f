import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Measures } from './measures.js';
import { metrics } from './metrics.js';

/** How often the event loop is looked at, in milliseconds: what it does in between it notices, too. */
const resolution = 20;

/** @internal Tells how the process is doing. @returns looks no more */
export function observeProcess(measures: Measures): () => void {
  const delay = monitorEventLoopDelay({ resolution });
  delay.enable();
  let memory = process.memoryUsage();
  let cpu = process.cpuUsage();
  let slowest = 0;
  measures.beforeRead(() => {
    memory = process.memoryUsage();
    cpu = process.cpuUsage();
    // It is about the time between two looks. Node counts its own waiting in.
    slowest = Math.max(0, delay.percentile(99) / 1e9 - resolution / 1000);
    delay.reset();
  });
  measures.set(metrics.memory, () => memory.rss);
  measures.set(metrics.heapUsed, () => memory.heapUsed);
  measures.set(metrics.cpu, () => [
    { attributes: { 'cpu.mode': 'user' }, value: cpu.user / 1e6 },
    { attributes: { 'cpu.mode': 'system' }, value: cpu.system / 1e6 },
  ]);
  measures.set(metrics.eventLoopDelay, () => slowest);
  measures.set(metrics.uptime, () => process.uptime());
  return () => void delay.disable();
}
