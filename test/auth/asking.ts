import type { Asking } from 'sluice/auth/auth';

/** A request with some headers. */
export function asking(headers: Readonly<Record<string, string>> = {}, target = '/'): Asking {
  return { method: 'GET', target, header: (name) => headers[name] };
}

/** A request with a bearer token. */
export function bearing(token: string): Asking {
  return asking({ authorization: `Bearer ${token}` });
}
