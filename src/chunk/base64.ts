/** Node's `Buffer` where there is one: ten times as fast as the portable way. */
interface BufferLike {
  from(data: string, encoding: 'base64'): Uint8Array;
  from(data: ArrayBufferLike, offset: number, length: number): { toString(encoding: 'base64'): string };
}
const buffer = (globalThis as { Buffer?: BufferLike }).Buffer;

/** Arguments one `String.fromCharCode` call takes without overflowing the stack. */
const slice = 0x2000;

const canonical = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Standard base64 with padding (RFC 4648 section 4). */
export function toBase64(bytes: Uint8Array): string {
  return buffer === undefined
    ? portableToBase64(bytes)
    : buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** @internal The browser's way; exported so that tests can run both. */
export function portableToBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let i = 0; i < bytes.length; i += slice) binary += String.fromCharCode(...bytes.subarray(i, i + slice));
  return btoa(binary);
}

/**
 * The bytes of standard base64 text; anything but canonical padding and alphabet is refused.
 *
 * @returns `undefined` when the text is not base64
 */
export function fromBase64(text: string): Uint8Array | undefined {
  if (!canonical.test(text)) return undefined;
  if (buffer === undefined) return portableFromBase64(text);
  const decoded = buffer.from(text, 'base64');
  return new Uint8Array(decoded.buffer, decoded.byteOffset, decoded.byteLength);
}

/** @internal The browser's way; exported so that tests can run both. */
export function portableFromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (unit) => unit.charCodeAt(0));
}
