/**
 * How many things are still reachable, once the garbage was collected: no more are looked for when that many or fewer are. The
 * engine itself may hold one while it compiles in the background, which takes its time on a busy machine: where there is one too
 * many, only what stays counts.
 *
 * @internal
 */
export async function countReachable(things: readonly WeakRef<object>[], enough: number): Promise<number> {
  const collectGarbage = await garbageCollector();
  let reachable = things.length;
  for (let attempt = 0; attempt < (reachable === enough + 1 ? 100 : 5) && reachable > enough; attempt++) {
    // A WeakRef that was made or read in a turn keeps its target until the turn is over.
    await new Promise((resolve) => setTimeout(resolve));
    collectGarbage();
    reachable = things.filter((thing) => thing.deref() !== undefined).length;
  }
  return reachable;
}

async function garbageCollector(): Promise<() => void> {
  const [{ setFlagsFromString }, { runInNewContext }] = await Promise.all([import('node:v8'), import('node:vm')]);
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
