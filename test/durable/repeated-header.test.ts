import { describe, expect, it } from 'vitest';
import { findRepeated } from '../../src/durable/repeated-header.js';

const repeated = findRepeated(['host', 'stream-seq']);
const said = (...names: string[]) => repeated({ rawHeaders: names.flatMap((name) => [name, 'x']) });

describe('findRepeated', () => {
  it('finds a header that is said more than once, however it is written', () => {
    expect(said('host', 'Stream-Seq', 'accept', 'stream-seq')).toBe('stream-seq');
    expect(said('HOST', 'hOst')).toBe('host');
  });

  it('finds nothing where each is said once, others as often as they like', () => {
    expect(said()).toBeUndefined();
    expect(said('host', 'accept', 'accept', 'stream-seq')).toBeUndefined();
  });
});
