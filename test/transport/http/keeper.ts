import type { ServerResponse } from 'node:http';
import type { Asked } from './lab.js';

/** A server that keeps every number once, in order, and refuses what is ahead. */
export class Keeper {
  readonly kept: string[] = [];
  epoch = 0;
  next = 0;
  closed = false;

  readonly answer = (response: ServerResponse, { headers, body }: Asked): void => {
    const [epoch, seq] = [Number(headers['producer-epoch']), Number(headers['producer-seq'])];
    if (epoch < this.epoch) return void response.writeHead(403, { 'producer-epoch': `${this.epoch}` }).end();
    if (epoch > this.epoch) [this.epoch, this.next] = [epoch, 0];
    if (seq < this.next) return void response.writeHead(204, { 'stream-next-offset': `${this.kept.length}` }).end();
    if (seq > this.next) return void response.writeHead(409, { 'producer-expected-seq': `${this.next}` }).end();
    this.next++;
    this.kept.push(body);
    this.closed ||= headers['stream-closed'] === 'true';
    response.writeHead(200, { 'stream-next-offset': `${this.kept.length}` }).end();
  };
}
