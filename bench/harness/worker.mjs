// Runs inside a child: answers the parent's calls with the exported functions of one module, and can always say what the
// process has used.
const module = await import(process.argv[2]);

const usage = {
  /** CPU time of all threads so far, and the clock, in microseconds. */
  usage() {
    const { user, system } = process.cpuUsage();
    return { cpuUs: user + system, wallUs: Number(process.hrtime.bigint() / 1000n) };
  },
  /** Memory in bytes, after a collection where the process may ask for one. */
  memory() {
    globalThis.gc?.();
    const { rss, heapUsed, external } = process.memoryUsage();
    return { rss, heap: heapUsed, external, peak: process.resourceUsage().maxRSS * 1024 };
  },
};

process.on('message', async ({ id, method, args }) => {
  try {
    process.send({ id, value: await (module[method] ?? usage[method])(...args) });
  } catch (error) {
    process.send({ id, error: error.stack ?? String(error) });
  }
});
process.on('disconnect', () => process.exit());
process.on('uncaughtException', (error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
process.send({ id: 0 });
