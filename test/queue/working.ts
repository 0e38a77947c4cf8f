// A worker that claims a job, says so, and works on it until it is killed: `working.ts bullmq|nats PORT QUEUE LEASE_MS`.
import { connect } from '@nats-io/transport-node';
import * as bullmq from 'bullmq';
import { createBullmqQueue } from 'sluice/queue/bullmq';
import { createNatsQueue } from 'sluice/queue/nats';
import { work } from 'sluice/queue/work';

const [kind, port, name, lease] = process.argv.slice(2) as [string, string, string, string];
const leaseMs = Number(lease);
const queue =
  kind === 'nats'
    ? createNatsQueue(name, { connection: await connect({ servers: `127.0.0.1:${port}` }), leaseMs })
    : createBullmqQueue(name, { bullmq, connection: { host: '127.0.0.1', port: Number(port) }, leaseMs });

work(queue, ({ id, attempt }) => {
  process.stdout.write(`${id} ${attempt}\n`);
  return new Promise(() => {});
}).subscribe();
