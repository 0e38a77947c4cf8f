import { StreamError } from '../../chunk/index.js';

/**
 * @internal What follows from an error:
 * - `no-script`: the server has forgotten the script; nothing was done.
 * - `later`: nothing was done, and soon it can be.
 * - `elsewhere`: nothing was done, because another server is the master now.
 * - `unknown`: the connection broke; it may have been done or not.
 * - `final`: nothing was done, and nothing will be.
 */
export type Verdict = 'no-script' | 'later' | 'elsewhere' | 'unknown' | 'final';

const verdicts: Readonly<Record<string, Verdict>> = {
  NOSCRIPT: 'no-script',
  LOADING: 'later',
  BUSY: 'later',
  TRYAGAIN: 'later',
  CLUSTERDOWN: 'later',
  MASTERDOWN: 'later',
  NOREPLICAS: 'later',
  READONLY: 'elsewhere',
  UNBLOCKED: 'elsewhere',
};

/** What both clients say of a command that they did not send, because there was no connection. */
const notSent = /isn't (?:writeable|ready)|client is offline/;

/** @internal Judges what a command was rejected with. */
export function verdictOf(error: unknown): Verdict {
  const message = messageOf(error);
  const code = codeOf(message);
  if (code !== undefined) return verdicts[code] ?? 'final';
  return notSent.test(message) ? 'later' : 'unknown';
}

/** @internal The named error of a command that failed for good. */
export function failureOf(error: unknown, streamId: string | undefined): StreamError {
  const about = streamId === undefined ? 'the log' : `stream "${streamId}"`;
  const details = { ...(streamId === undefined ? {} : { streamId }), cause: error };
  const message = messageOf(error);
  switch (codeOf(message)) {
    case 'OOM':
      return new StreamError('log-full', `${about}: Redis has no memory left`, details);
    case 'MISCONF':
      return new StreamError('log-full', `${about}: Redis cannot write to its disk`, details);
    case 'WRONGTYPE':
      return new StreamError('log-incompatible', `${about}: its key in Redis holds something else`, details);
    case 'ERR':
      if (!message.includes('The ID specified in XADD')) break;
      return new StreamError('log-incompatible', `${about}: Redis keeps chunks it does not know of`, details);
    case undefined:
      break;
  }
  return new StreamError('log-unavailable', `${about}: Redis refuses: ${message}`, details);
}

/** @internal Nobody answered, for as long as it was tried. */
export function unreachable(cause: unknown): StreamError {
  const why = cause === undefined ? '' : `: ${messageOf(cause)}`;
  return new StreamError('log-unavailable', `Redis cannot be reached${why}`, cause === undefined ? {} : { cause });
}

/** @internal An append without a producer whose answer was lost: to repeat it might keep it twice. */
export function answerLost(cause: unknown, streamId: string): StreamError {
  const message = `stream "${streamId}": the connection to Redis broke, and the append may have been kept or not; an append with a producer is repeated`;
  return new StreamError('connection-lost', message, { streamId, cause });
}

/** The first word of what a server answers. Older ones put the error of a command in a script behind a colon. */
function codeOf(message: string): string | undefined {
  const [, outer, inner] = /^([A-Z]{2,})\b(?:.*@user_script: ?\d+: ([A-Z]{2,})\b)?/.exec(message) ?? [];
  return inner ?? outer;
}

function messageOf(error: unknown): string {
  // A connection that fails on every address of a host says so in an error without words.
  const { message, code } = error as { message?: string; code?: string };
  return message || code || String(error);
}
