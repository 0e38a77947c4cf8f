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

/** @internal Troubles of one kind, the latest first, and what is to be done about them. */
export interface TroubleGroup {
  readonly title: string;
  readonly advice: string;
  readonly look: 'ill' | 'warm';
  readonly troubles: readonly Trouble[];
  /** Where all of them are listed. */
  readonly list?: { readonly kind: 'streams' | 'runs'; readonly wanted: Wanted };
}

/** How long what has failed is spoken of, how long who is live may be silent, and how long a reader may be behind. */
const [dayMs, silentMs, behindMs] = [86_400_000, 60_000, 3000];

/** @internal What is stuck, lost or late on a server, and since when: what is asked first when something is wrong. */
export function troublesOf(view: MonitorView): TroubleGroup[] {
  const now = view.now();
  const rows = view.all;
  const isLate = ({ endedAt = now }: Row): boolean => now - endedAt < dayMs;
  const runs = (state: Row['state']): Trouble[] =>
    troublesIn(rows.filter((row) => row.runId !== undefined && row.state === state && isLate(row)));
  const failed = rows.filter((row) => row.runId === undefined && row.state === 'failed' && isLate(row));
  const silent = rows.filter((row) => isWorking(row) && now - lastOf(row) >= silentMs);
  const behind = view.readers.filter(({ behindSince }) => behindSince !== undefined && now - behindSince >= behindMs);
  const groups: TroubleGroup[] = [
    {
      title: 'Runs that wait for an answer',
      advice: 'Answer them: they do nothing until somebody does.',
      look: 'warm',
      troubles: runs('waiting'),
      list: { kind: 'runs', wanted: 'waiting' },
    },
    {
      title: 'Runs whose process died',
      advice: 'A server that has the pipeline takes them up; else begin them anew.',
      look: 'ill',
      troubles: runs('lost'),
      list: { kind: 'runs', wanted: 'failed' },
    },
    {
      title: 'Runs that failed',
      advice: 'Which step, at which attempt and why is said where it is.',
      look: 'ill',
      troubles: runs('failed'),
      list: { kind: 'runs', wanted: 'failed' },
    },
    {
      title: 'Streams that failed',
      advice: 'Their readers were told so. What came before is kept.',
      look: 'ill',
      troubles: troublesIn(failed),
      list: { kind: 'streams', wanted: 'failed' },
    },
    {
      title: 'Readers that lost chunks',
      advice: 'These were kept no more when they came to them: keep more, or read sooner.',
      look: 'ill',
      troubles: view.readers.filter(({ gaps }) => gaps.lost > 0).map((one) => ofReader(one, lostWords(one), undefined)),
    },
    {
      title: 'Readers that are behind',
      advice: 'Without credit it is the reader that is slow; with credit its link, or this server.',
      look: 'warm',
      troubles: behind.map((one) => ofReader(one, behindWords(one), one.behindSince)),
    },
    {
      title: 'Live, but silent for a minute',
      advice: 'Whoever writes them has stopped, or has nothing to say.',
      look: 'warm',
      troubles: troublesIn(silent),
      list: { kind: 'streams', wanted: 'live' },
    },
  ];
  return groups.filter(({ troubles }) => troubles.length > 0);
}

function isWorking({ state }: Row): boolean {
  return state === 'active' || state === 'running';
}

/** When something was last heard of it. */
function lastOf({ endedAt, lastChunkAt, createdAt }: Row): number {
  return endedAt ?? lastChunkAt ?? createdAt;
}

function troublesIn(rows: readonly Row[]): Trouble[] {
  const latest = rows.toSorted((a, b) => lastOf(b) - lastOf(a));
  return latest.map((row) => ({
    place: row.runId === undefined ? { kind: 'streams', id: row.id } : { kind: 'runs', id: row.runId },
    name: row.runId ?? row.id,
    words: row.reason ?? '',
    since: lastOf(row),
  }));
}

function ofReader(reader: Reader, words: string, since: number | undefined): Trouble {
  return { place: { kind: 'streams', id: reader.stream }, name: reader.stream, words, since };
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
