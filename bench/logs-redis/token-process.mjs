// A process that makes answers or joins them, by the means of one peer.
import { answers, forget, join, quantiles as told } from './token-times.mjs';

let peer;

export async function open(module, port, options) {
  peer = await import(module);
  await peer.open(port, options ?? {});
}

export const produce = (load) => answers(peer, load);
export const follow = (load) => join(peer, load);
export const quantiles = () => told();
export const clear = () => forget();
