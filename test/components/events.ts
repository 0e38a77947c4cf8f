import type { JsonValue } from 'sluice/chunk';

/** An event of the run `r`, as it is kept; of the step `write`, where its type says that it is one of a step. */
export function event(event_type: string, timestamp: number, data: { [name: string]: JsonValue } = {}): JsonValue {
  const step_id = event_type.startsWith('step') ? 'write' : null;
  return { event_type, execution_id: 'r', step_id, timestamp, data };
}
