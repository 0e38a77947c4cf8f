// How much each may do, and rules of one's own.
import type { Authenticate, Authorize } from 'sluice/auth/auth';
import { ownersAndScopes } from 'sluice/auth/owners-and-scopes';
import { rateLimits } from 'sluice/auth/rate-limits';
import { serve } from 'sluice/node';

const authenticate: Authenticate = ({ header }) => {
  const id = header('x-user'); // set by a proxy that nobody gets around
  return id === undefined ? undefined : { id };
};
const authorize: Authorize = (principal, action, stream, owner) =>
  (action === 'read' && stream.startsWith('public/')) || ownersAndScopes(principal, action, stream, owner);
const quotas = rateLimits({ requests: { amount: 3, perMs: 60_000 } }); // redis: a connection, for all gateways together

const server = await serve({ port: 0, authenticate, authorize, quotas });
await server.streams.publish('public/news', [], { close: { status: 'completed' } });
for (let n = 0; n < 4; n++) {
  const response = await fetch(`${server.url}/v1/stream/public/news`);
  console.log(response.status, response.headers.get('retry-after') ?? '');
}
await server.close();
