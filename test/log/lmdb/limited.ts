// Appends to the folder it is given until the disk takes no more, has the limit it was started under lifted, and goes on. Prints
// what the producer was told and what the log shows.
import { execFileSync } from 'node:child_process';
import type { StreamError } from '../../../src/chunk/index.js';
import { createLmdbLog } from '../../../src/log/lmdb.js';
import { encoded } from '../../../src/testing/log-stage.js';

const wide = { chunks: 10_000, bytes: 1 << 30 };
const chunk = encoded('x'.repeat(20_000));
const log = await createLmdbLog(process.argv[2]!);
await log.create('s');
let acknowledged = 0;
let told = 0;
log.watch('s', () => told++);

async function append(): Promise<string> {
  try {
    await log.append('s', [chunk], { producer: { id: 'p', epoch: 0, seq: acknowledged } });
    acknowledged++;
    return 'kept';
  } catch (error) {
    return (error as StreamError).code;
  }
}

const shown = () => ({ acknowledged, told, next: log.info('s')!.next, read: log.read('s', 0, wide).chunks.length });
let code = 'kept';
while (code === 'kept') code = await append();
const refused = [code, await append()];
const full = shown();
execFileSync('prlimit', [`--pid=${process.pid}`, '--fsize=unlimited']);
const again = await append();
const after = shown();
await log.dispose();
process.stdout.write(JSON.stringify({ refused, full, again, after }));
