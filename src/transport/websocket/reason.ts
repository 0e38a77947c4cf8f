/** Bytes of UTF-8 a close frame has room for: 125 (RFC 6455, section 5.5) less the code. */
export const maxReasonBytes = 123;

const encoder = new TextEncoder();
const room = new Uint8Array(maxReasonBytes);

/** Shortens a reason to what a close frame takes, without cutting a character in two. */
export function fitReason(reason: string): string {
  return reason.slice(0, encoder.encodeInto(reason, room).read);
}
