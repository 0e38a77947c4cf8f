import { kindOf } from '../../chunk/index.js';

/** What a JetStream stream may be called, and a subject's first word with it. */
const plain = /^[\w-]{1,64}$/;

/**
 * @internal The subjects of a log: one for what is kept of a stream, and one on which the server tells that it was kept. A
 * stream's name is a path, and its subject the same path with dots; what no subject may hold is escaped as in a URL.
 */
export class NatsSubjects {
  constructor(readonly prefix: string) {
    if (typeof prefix !== 'string') throw new TypeError(`prefix must be a string, got ${kindOf(prefix)}`);
    if (plain.test(prefix)) return;
    throw new RangeError(`prefix must be 1 to 64 letters, digits, "_" and "-", got ${JSON.stringify(prefix)}`);
  }

  /** Of all streams. */
  get all(): string {
    return this.kept('>');
  }

  /** Of what the server tells of all streams. */
  get allTold(): string {
    return this.told('>');
  }

  /** Of what is kept of a stream. */
  of(streamId: string): string {
    return this.kept(escaped(streamId));
  }

  /** On which the server tells of a stream. */
  noticesOf(streamId: string): string {
    return this.told(escaped(streamId));
  }

  /** The stream of a subject that {@link of} made. */
  streamOf(subject: string): string {
    const segments = subject.slice(this.kept('').length).split('.');
    return segments.map(decodeURIComponent).join('/');
  }

  /** What together matches the streams at and below a path. */
  within(path: string): readonly string[] {
    if (path === '') return [this.all];
    if (!path.endsWith('/')) return [this.of(path), `${this.of(path)}.>`];
    return path === '/' ? [] : [`${this.of(path.slice(0, -1))}.>`];
  }

  private kept(rest: string): string {
    return `${this.prefix}.kept.${rest}`;
  }

  private told(rest: string): string {
    return `${this.prefix}.told.${rest}`;
  }
}

function escaped(streamId: string): string {
  return streamId
    .split('/')
    .map((segment) => encodeURIComponent(segment).replaceAll('.', '%2E').replaceAll('*', '%2A'))
    .join('.');
}
