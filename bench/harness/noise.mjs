// How much of the machine others used: on a shared machine a figure without it means little.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Jiffies a second: 100 on every Linux that is not built otherwise. */
const jiffies = 100;

/** Seconds that all cores together were busy so far; `undefined` where the system does not say. */
function busySeconds() {
  try {
    const [user, nice, system] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0].match(/\d+/g);
    return (Number(user) + Number(nice) + Number(system)) / jiffies;
  } catch {
    return undefined;
  }
}

/** Seconds of CPU that processes, given by id, have used so far. */
export function ownSeconds(pids) {
  let ticks = 0;
  for (const pid of pids) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / jiffies;
}

/** Begins to watch. What it returns answers how many cores others used since, on average. */
export function watchOthers(pids) {
  const begun = performance.now();
  const busy = busySeconds();
  if (busy === undefined) return () => Number.NaN;
  const own = ownSeconds([process.pid, ...pids]);
  return () => {
    const used = busySeconds() - busy - (ownSeconds([process.pid, ...pids]) - own);
    return Math.max(0, used / ((performance.now() - begun) / 1000));
  };
}

/** Waits until others leave the machine alone, but not for long: then it is measured all the same. */
export async function quiet({ patienceMs = 3_000, cores = 0.1 } = {}) {
  const until = performance.now() + patienceMs;
  for (;;) {
    const others = watchOthers([]);
    await sleep(300);
    const used = others();
    if (!(used > cores) || performance.now() > until) return;
  }
}
