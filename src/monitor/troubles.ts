import type { Place } from './place.js';
import type { MonitorView, Reader, Row, Wanted } from './view.js';
import { countWords } from './words.js';

/** @internal One thing that may need somebody. */
export interface Trouble {
  readonly place: Place;
  readonly name: string;
  /** What there is to say of it, beyond what its group says. */
  readonly words: string;
  /** Since when, in the server's time. */
  readonly since: number | undefined;
}

/** @internal Troubles of one kind: the latest, how many there are in all, and what is to be done about them. */
export interface TroubleGroup {
  readonly title: string;
  readonly advice: string;
  readonly look: 'ill' | 'warm';
  readonly troubles: readonly Trouble[];
  readonly count: number;
  /** Where all of them are listed. */
  readonly list?: { readonly kind: 'streams' | 'runs'; readonly wanted: Wanted };
}

/** How long what has failed is spoken of, how long who is live may be silent, and how long a reader may be behind. */
const [dayMs, silentMs, behindMs] = [86_400_000, 60_000, 3000];
/** Most troubles of a kind that are named. */
const mostNamed = 4;

/** @internal What is stuck, lost or late on a server, and since when: what is asked first when something is wrong. */
export function troublesOf(view: MonitorView): TroubleGroup[] {
  const now = view.now();
  const isLate = ({ endedAt = now }: Row): boolean => now - endedAt < dayMs;
  const rows = (test: (row: Row) => boolean): Named => latest(view.all.filter(test));
  const runs = (state: Row['state']): Named =>
    rows((row) => row.runId !== undefined && row.state === state && isLate(row));
  const behind = view.readers.filter(({ behindSince }) => behindSince !== undefined && now - behindSince >= behindMs);
  const lossy = view.readers.filter(({ gaps }) => gaps.lost > 0);
  const groups: TroubleGroup[] = [
    {
      title: 'Runs that wait for an answer',
      advice: 'Answer them: they do nothing until somebody does.',
      look: 'warm',
      ...runs('waiting'),
      list: { kind: 'runs', wanted: 'waiting' },
    },
    {
      title: 'Runs whose process died',
      advice: 'A server that has the pipeline takes them up; else begin them anew.',
      look: 'ill',
      ...runs('lost'),
      list: { kind: 'runs', wanted: 'failed' },
    },
    {
      title: 'Runs that failed',
      advice: 'Which step, at which attempt and why is said where it is.',
      look: 'ill',
      ...runs('failed'),
      list: { kind: 'runs', wanted: 'failed' },
    },
    {
      title: 'Streams that failed',
      advice: 'Their readers were told so. What came before is kept.',
      look: 'ill',
      ...rows((row) => row.runId === undefined && row.state === 'failed' && isLate(row)),
      list: { kind: 'streams', wanted: 'failed' },
    },
    {
      title: 'Readers that lost chunks',
      advice: 'These were kept no more when they came to them: keep more, or read sooner.',
      look: 'ill',
      ...readers(lossy, lostWords, () => undefined),
    },
    {
      title: 'Readers that are behind',
      advice: 'Without credit it is the reader that is slow; with credit its link, or this server.',
      look: 'warm',
      ...readers(behind, behindWords, ({ behindSince }) => behindSince),
    },
    {
      title: 'Live, but silent for a minute',
      advice: 'Whoever writes them has stopped, or has nothing to say.',
      look: 'warm',
      ...rows((row) => isWorking(row) && now - lastOf(row) >= silentMs),
      list: { kind: 'streams', wanted: 'live' },
    },
  ];
  return groups.filter(({ count }) => count > 0);
}

type Named = Pick<TroubleGroup, 'troubles' | 'count'>;

function isWorking({ state }: Row): boolean {
  return state === 'active' || state === 'running';
}

/** When something was last heard of it. */
function lastOf({ endedAt, lastChunkAt, createdAt }: Row): number {
  return endedAt ?? lastChunkAt ?? createdAt;
}

/** The latest of some rows: all of a thousand need not be put in order for that. */
function latest(rows: readonly Row[]): Named {
  const named: Row[] = [];
  for (const row of rows) {
    if (named.length === mostNamed && lastOf(row) <= lastOf(named.at(-1)!)) continue;
    named.push(row);
    named.sort((a, b) => lastOf(b) - lastOf(a));
    named.length = Math.min(named.length, mostNamed);
  }
  return { troubles: named.map(ofRow), count: rows.length };
}

function ofRow(row: Row): Trouble {
  const { id, runId, reason = '' } = row;
  const place: Place = runId === undefined ? { kind: 'streams', id } : { kind: 'runs', id: runId };
  return { place, name: runId ?? id, words: reason, since: lastOf(row) };
}

function readers(
  list: readonly Reader[],
  words: (reader: Reader) => string,
  since: (reader: Reader) => number | undefined,
): Named {
  const troubles = list.slice(0, mostNamed).map((reader) => ({
    place: { kind: 'streams', id: reader.stream } as const,
    name: reader.stream,
    words: words(reader),
    since: since(reader),
  }));
  return { troubles, count: list.length };
}

function lostWords({ gaps: { lost }, ...reader }: Reader): string {
  return `${whoWords(reader)}: ${countWords(lost)} lost`;
}

function behindWords({ lag, credit, ...reader }: Reader): string {
  return `${whoWords(reader)}: ${countWords(lag)} behind, ${credit === 0 ? 'no credit' : `credit ${countWords(credit)}`}`;
}

/** @internal A reader, for somebody who looks for it: who it is where that is known, else where from; and its session. */
export function whoWords({ who, address, session }: Pick<Reader, 'who' | 'address' | 'session'>): string {
  return `${who ?? address ?? 'somebody'} (${session.slice(0, 8)})`;
}
