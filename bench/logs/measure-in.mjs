import { launch } from '../harness/child.mjs';
import { watchOthers } from '../harness/noise.mjs';

/** Has a module measure itself in a process of its own: `prepare`, then the method that answers the figures. */
export async function measureIn(module, method, size) {
  const worker = await launch(module);
  try {
    await worker.call('prepare', size);
    const others = watchOthers([worker.pid]);
    const figures = await worker.call(method, size);
    return { ...figures, others: others() };
  } finally {
    await worker.call('finish');
    await worker.stop();
  }
}
