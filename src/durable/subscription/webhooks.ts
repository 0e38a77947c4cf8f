/** What calling webhooks takes of its surroundings: keys, and a way out. */
export interface Webhooks {
  /** Names the key. */
  readonly kid: string;
  /** The public key, as a JSON Web Key. */
  readonly jwk: Readonly<Record<string, string>>;
  /** Whether this machine may be called, as `localhost` or `127.0.0.x`: for development. */
  readonly allowLocal: boolean;
  /** Signs text with Ed25519: base64url, without padding. */
  sign(text: string): string;
  /** A code that only we can have made, of text: base64url, without padding. */
  seal(text: string): string;
  /** Posts JSON to a URL that a stranger gave: calls nobody that only we can reach, and follows no redirection. */
  post(url: string, body: string, headers: Readonly<Record<string, string>>): Promise<{ status: number; body: string }>;
}

/** @internal The header that proves who sent a body, and when. */
export function signatureHeader(webhooks: Webhooks, body: string, now: number): string {
  const time = Math.floor(now / 1000);
  return `t=${time},kid=${webhooks.kid},ed25519=${webhooks.sign(`${time}.${body}`)}`;
}

/** @internal A token for one wake of one subscription. */
export function tokenOf(webhooks: Webhooks, id: string, wakeId: string, generation: number): string {
  return `${wakeId}.${generation}.${webhooks.seal(JSON.stringify([id, wakeId, generation]))}`;
}

/** @internal What a token is for; `undefined` when it is none of ours, or for another subscription. */
export function readToken(
  webhooks: Webhooks,
  id: string,
  authorization: string | undefined,
): { readonly wakeId: string; readonly generation: number } | undefined {
  const [, wakeId = '', generation = '', seal = ''] =
    /^Bearer ([\w-]{1,64})\.(\d{1,15})\.([\w-]{1,128})$/i.exec(authorization ?? '') ?? [];
  if (!equal(seal, webhooks.seal(JSON.stringify([id, wakeId, Number(generation)])))) return undefined;
  return { wakeId, generation: Number(generation) };
}

/** Whether texts are equal, in a time that does not tell how much of them is. */
function equal(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
