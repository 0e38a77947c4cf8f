import { register } from 'node:module';
import type { StreamError } from '../../src/chunk/index.js';
import { readConfigFile } from '../../src/node/config/config-file.js';
import { openLog } from '../../src/node/open-log.js';

// Opens a log, or reads a configuration file, where one package is not installed, and prints what that leads to.
const [name = '', url = ''] = process.argv.slice(2);
const hooks = `
  export function resolve(specifier, context, next) {
    if (specifier !== ${JSON.stringify(name)}) return next(specifier, context);
    throw Object.assign(new Error("Cannot find package '${name}'"), { code: 'ERR_MODULE_NOT_FOUND' });
  }`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
try {
  await (/\.(?:toml|yaml)$/.test(url) ? readConfigFile(url) : openLog(url));
} catch (error) {
  const { code, message } = error as StreamError;
  process.stdout.write(`${code}: ${message}\n`);
}
