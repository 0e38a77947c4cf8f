/** The values of lines of JSON. */
export function ndjson<T = Record<string, unknown>>(bytes: Buffer): T[] {
  const lines = bytes.toString().split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as T);
}

/** What the events of a run are, one after the other. */
export function typesIn(bytes: Buffer): string[] {
  return ndjson<{ event_type: string }>(bytes).map(({ event_type: type }) => type);
}
