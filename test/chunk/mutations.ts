import fc from 'fast-check';

/** What a field may be changed to: mostly what it must not be. */
const hostile: readonly unknown[] = [
  null,
  true,
  false,
  -1,
  0,
  1,
  0.5,
  2 ** 53,
  '',
  'x',
  'completed',
  '../x',
  'x'.repeat(161),
  'x'.repeat(257),
  'x'.repeat(513),
  'x'.repeat(1025),
  '\ud800',
  [],
  [0],
  [0, 1],
  [3, 3],
  [[0, 1]],
  Array.from({ length: 65 }, () => [0, 1]),
  {},
  { status: 'failed' },
];

/** A value of JSON that was changed in one place: a field or an item is another, is gone, or is one too many. */
export function mutated(value: unknown): fc.Arbitrary<unknown> {
  const places = placesIn(value);
  return fc.constantFrom(...places).chain((place) => {
    const replaced = fc.constantFrom(...hostile).map((other) => changed(value, place, () => other));
    const grown = fc.constantFrom('extra', '__proto__', 'constructor', 'seq').map((name) =>
      changed(value, place, (at) => {
        if (Array.isArray(at)) return [...(at as unknown[]), at[0] ?? 0];
        return typeof at === 'object' && at !== null ? JSON.parse(withField(at, name)) : at;
      }),
    );
    return place.length === 0 ? fc.oneof(replaced, grown) : fc.oneof(replaced, grown, fc.constant(less(value, place)));
  });
}

type Place = readonly (string | number)[];

/** The way to everything that is in a value: to itself first. */
function placesIn(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [[]];
  const inner = Object.entries(value).flatMap(([name, at]) => placesIn(at).map((place) => [name, ...place]));
  return [[], ...inner];
}

function changed(value: unknown, [first, ...rest]: Place, change: (at: unknown) => unknown): unknown {
  if (first === undefined) return change(value);
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[first] = changed(copy[first], rest, change);
  return copy;
}

function less(value: unknown, place: Place): unknown {
  const last = place.at(-1)!;
  return changed(value, place.slice(0, -1), (at) => {
    if (Array.isArray(at)) return at.filter((_, index) => `${index}` !== `${last}`);
    return Object.fromEntries(Object.entries(at as object).filter(([name]) => name !== last));
  });
}

/** JSON, in which `__proto__` is a field like others. */
function withField(object: object, name: string): string {
  const text = JSON.stringify(object);
  return `{${JSON.stringify(name)}:1${text === '{}' ? '' : ','}${text.slice(1)}`;
}
