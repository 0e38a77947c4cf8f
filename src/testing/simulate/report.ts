import type { Finding } from './finding.js';
import { drawPicture } from './picture.js';
import { describeScenario } from './words.js';
import type { World } from './world.js';

/** Columns a report takes. */
const width = 160;

/** @internal Tells of a run that went wrong: what was planned, what was seen, how to see it again, and the picture. */
export function writeReport(world: World): string {
  const { scenario, findings } = world;
  const [first] = findings;
  if (first === undefined) return `seed ${scenario.seed}: nothing went wrong`;
  return [
    `seed ${scenario.seed}: ${first.what}`,
    ...section('the scenario', describeScenario(scenario)),
    ...section('what the oracle saw', findings.flatMap(told)),
    ...section('to see it again', [`npm run simulate -- --seed ${scenario.seed}`]),
    ...picture(world, first),
  ].join('\n');
}

function told({ at, what, stack }: Finding): string[] {
  // The stack repeats the message in its first line.
  return [`at ${Math.floor(at)} ms: ${what}`, ...(stack?.split('\n').slice(1) ?? [])];
}

function section(title: string, lines: readonly string[]): string[] {
  return ['', title, ...lines.flatMap((line) => wrap(line, width - 2)).map((line) => `  ${line}`)];
}

/** Breaks a line between words; what follows is indented. */
function wrap(line: string, room: number): string[] {
  if (line.length <= room) return [line];
  const at = line.lastIndexOf(' ', room);
  return [line.slice(0, at), ...wrap(`    ${line.slice(at + 1)}`, room)];
}

function picture({ scenario, truth, wire, writers, readers }: World, finding: Finding): string[] {
  const { stream } = finding;
  if (stream === undefined) return [];
  const ofStream = ({ plan }: { readonly plan: { readonly stream: number } }): boolean =>
    scenario.streams[plan.stream]!.name === stream;
  const reader = readers.find(({ plan }) => plan.name === finding.reader) ?? readers.find(ofStream);
  const film = {
    stream: truth.of(stream),
    writers: writers.filter(ofStream),
    reader,
    client: reader === undefined ? '' : scenario.clients[reader.plan.client]!.name,
    events: wire.events,
  };
  return [
    '',
    'its way, time from left to right',
    ...drawPicture(film, finding, width - 2).map((line) => `  ${line}`.trimEnd()),
  ];
}
