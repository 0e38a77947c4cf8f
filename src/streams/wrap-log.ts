import type { Log } from '../log/log.js';

/**
 * A log that is another one, but for some of its calls.
 *
 * @param own - what it does in its own way
 *
 * @internal
 */
export function wrapLog(log: Log, own: Partial<Log>): Log {
  return {
    ...(log.exclusive === undefined ? {} : { exclusive: log.exclusive }),
    create: (streamId, config) => log.create(streamId, config),
    append: (streamId, batch, options) => log.append(streamId, batch, options),
    read: (streamId, from, limit) => log.read(streamId, from, limit),
    watch: (streamId, listener) => log.watch(streamId, listener),
    info: (streamId) => log.info(streamId),
    trim: (streamId, before) => log.trim(streamId, before),
    delete: (streamId, life) => log.delete(streamId, life),
    list: (prefix) => log.list(prefix),
    dispose: () => log.dispose(),
    ...own,
  };
}
