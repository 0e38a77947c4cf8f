// Connections of the sizing figures: each reads one stream, all the same or one each.
import { SluiceSocket } from '../harness/sluice-socket.mjs';

const [port, size, prefix] = process.argv.slice(2);
const fail = () => {};
for (let n = 0; n < Number(size); n += 50) {
  await Promise.all(
    Array.from({ length: Math.min(50, Number(size) - n) }, async (_, i) => {
      const socket = new SluiceSocket(Number(port), fail);
      await socket.opened;
      await socket.read(prefix === 'idle' ? `idle/${n + i}` : prefix, () => {});
    }),
  );
}
process.send('ready');
