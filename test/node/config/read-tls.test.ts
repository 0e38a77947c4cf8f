import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTls } from '../../../src/node/config/read-tls.js';

describe('readTls', () => {
  it('reads both files, and neither where none is named', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-tls-'));
    try {
      const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
      writeFileSync(cert, 'a certificate');
      writeFileSync(key, 'its key');
      expect(readTls({ cert, key })).toEqual({ cert: 'a certificate', key: 'its key' });
      expect(readTls({})).toBeUndefined();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    [{ cert: 'package.json' }, 'tls.key', 'must be there as well'],
    [{ key: 'package.json' }, 'tls.cert', 'must be there as well'],
    [{ cert: 'nowhere.pem', key: 'package.json' }, 'tls.cert', 'cannot be read: ENOENT'],
  ])('refuses %j, naming %s', (tls, field, why) => {
    expect(() => readTls(tls)).toThrow(
      expect.objectContaining({ code: 'config-invalid', details: expect.objectContaining({ field }) }),
    );
    expect(() => readTls(tls)).toThrow(`${field} ${why}`);
  });
});
