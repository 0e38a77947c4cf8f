import type { MonoTypeOperatorFunction, Subscriber } from 'rxjs';
import {
  type Chunk,
  type ChecksumAlgorithm,
  crc32cChecksum,
  dataBytes,
  isNotice,
  type Notice,
  StreamError,
} from '../src/chunk/index.js';
import type { Probe } from '../src/probe/index.js';
import { callbackError, operate, Stage, tell } from './operate.js';

/** Options of {@link verify}. */
export interface VerifyOptions {
  /**
   * What becomes of a chunk that does not match its checksum: `error` ends the stream; `drop` leaves a hole, which
   * `gapTimeout` behind it has repaired. Default `error`.
   */
  readonly onMismatch?: 'error' | 'drop';
  /** Whether a chunk without a checksum passes, or counts as one that does not match. Default `pass`. */
  readonly missing?: 'pass' | 'fail';
  /** The algorithms known. Default: CRC-32C alone. */
  readonly algorithms?: readonly ChecksumAlgorithm[];
  /** Hears `corrupt`. */
  readonly probe?: Probe;
}

/**
 * Compares each chunk's data with its checksum. Stands first in a reader's chain, before {@link dedupe}: behind it, a corrupt
 * first copy would have shadowed the good second one.
 *
 * - **Emits** what matches, at once and unchanged; notices pass.
 * - **Errors** with `chunk-corrupt`, naming stream and number, on a mismatch; with `chunk-invalid` on a checksum by an
 *   algorithm it does not know, whatever `onMismatch` says, because no repair would help; with the source.
 * - **Completes** with the source.
 * - **Holds** nothing.
 *
 * @example
 * // source                         -a-x-b|     x: does not match
 * // verify()                       -a-#
 * // verify({ onMismatch: 'drop' }) -a---b|
 * chunks$.pipe(verify({ algorithms: [crc32cChecksum, sha256Checksum] }), dedupe());
 */
export function verify<T extends Chunk | Notice>(options: VerifyOptions = {}): MonoTypeOperatorFunction<T> {
  const { onMismatch = 'error', missing = 'pass', algorithms = [crc32cChecksum], probe } = options;
  if (onMismatch !== 'error' && onMismatch !== 'drop') throw new TypeError('onMismatch must be "error" or "drop"');
  if (missing !== 'pass' && missing !== 'fail') throw new TypeError('missing must be "pass" or "fail"');
  const digests = new Map(algorithms.map((algorithm) => [algorithm.name, algorithm]));
  return operate(
    (destination) => new Verify<T>(destination, digests, onMismatch === 'drop', missing === 'pass', probe),
  );
}

class Verify<T extends Chunk | Notice> extends Stage<T> {
  constructor(
    destination: Subscriber<T>,
    private readonly algorithms: ReadonlyMap<string, ChecksumAlgorithm>,
    private readonly drops: boolean,
    private readonly lenient: boolean,
    private readonly probe: Probe | undefined,
  ) {
    super(destination);
  }

  protected override _next(item: T): void {
    // Notices have no checksum either, so that the common case needs not tell them apart.
    const { checksum } = item as Chunk;
    if ((checksum === undefined && this.lenient) || isNotice(item)) return this.destination.next(item);
    const verdict = this.judge(item, checksum);
    if (verdict === undefined) return this.destination.next(item);
    if (verdict.code !== 'chunk-corrupt') return this.fail(verdict);
    tell(this.probe, { type: 'corrupt', seq: item.seq, operator: 'verify' });
    if (!this.drops) this.fail(verdict);
  }

  /** What is wrong with a chunk, if anything. */
  private judge(chunk: Chunk, checksum: string | undefined): StreamError | undefined {
    if (checksum === undefined) return problem('chunk-corrupt', chunk, 'has no checksum');
    const colon = checksum.indexOf(':');
    const algorithm = this.algorithms.get(checksum.slice(0, Math.max(colon, 0)));
    if (algorithm === undefined) {
      const known = [...this.algorithms.keys()].join(', ');
      return problem('chunk-invalid', chunk, `has a checksum by an algorithm other than ${known}`);
    }
    try {
      if (algorithm.digest(dataBytes(chunk)) === checksum.slice(colon + 1)) return undefined;
    } catch (error) {
      return callbackError('verify', error, { streamId: chunk.streamId, seq: chunk.seq });
    }
    return problem('chunk-corrupt', chunk, `does not match its ${algorithm.name} checksum`);
  }
}

function problem(code: 'chunk-corrupt' | 'chunk-invalid', { streamId, seq }: Chunk, what: string): StreamError {
  const details = { operator: 'verify', field: 'checksum', streamId, seq };
  return new StreamError(code, `verify: chunk ${seq} of "${streamId}" ${what}`, details);
}
