/** The operators by what one wants of them, in the order one meets them. */
export const purposes: Readonly<Record<string, readonly string[]>> = {
  'Put a stream right': ['stamp', 'verify', 'dedupe', 'detectGaps', 'repair', 'gapTimeout', 'reorder', 'unwrap'],
  'Keep pace with a consumer': ['flowMap', 'drainTo', 'gate', 'backpressure', 'throttle', 'batch'],
  'Share a stream, and go on with it': ['fanOut', 'resume', 'checkpoint'],
  'Watch a stream': ['heartbeat', 'idleTimeout', 'measure', 'progress'],
  'Work on the data': ['transcode', 'validate', 'assemble', 'collect'],
};
