/** A name or an address, or none, and a port, or none (RFC 9110, section 7.2). */
const form = /^(?:[\w.~!$&'()*+,;=%-]*|\[[\da-f:.]+\])(?::(\d{0,5}))?$/i;

/** What was found to be one last: a server is called by the same name again and again. */
let latest: string | undefined;

/** @internal Whether this can stand in `Host`: nothing that would lead elsewhere when it is put into an address. */
export function isHost(value: string): boolean {
  if (value === latest) return true;
  const found = form.exec(value);
  if (found === null || Number(found[1] ?? 0) > 65_535) return false;
  latest = value;
  return true;
}
