import cliProgress from 'cli-progress';
import type { Tally } from './tally.js';

/** What the tour ends with, one row a reader. */
export interface Row {
  readonly reader: string;
  readonly chunks: number;
  readonly repaired: number;
  readonly 'duplicates dropped': number;
  readonly resumed: number;
  readonly lost: number;
  readonly sha256: string;
}

/** Shows how far everybody is: bars on a terminal, NDJSON in a pipe. */
export interface Screen {
  progress(counts: Readonly<Record<string, number>>): void;
  say(event: string, text: string): void;
  result(rows: readonly Row[], ok: boolean, note: string): void;
}

export function createScreen(names: readonly string[], total: number): Screen {
  return process.stdout.isTTY ? bars(names, total) : lines(total);
}

function bars(names: readonly string[], total: number): Screen {
  const format = '  {name} {bar} {percentage}%  {value} chunks';
  const group = new cliProgress.MultiBar(
    { format, hideCursor: true, barsize: 40, stream: process.stdout },
    cliProgress.Presets.shades_grey,
  );
  const width = Math.max(...names.map((name) => name.length));
  const all = new Map(names.map((name) => [name, group.create(total, 0, { name: name.padEnd(width) })]));
  return {
    progress: (counts) => {
      for (const [name, bar] of all) bar.update(counts[name] ?? 0);
    },
    say: (_, text) => group.log(`  ${text}\n`),
    result: (rows, ok, note) => {
      group.stop();
      console.log();
      console.table(Object.fromEntries(rows.map(({ reader, ...row }) => [reader, row])));
      console.log(`  ${note}`);
      console.log(
        ok ? '  Every reader has the whole book, byte for byte.\n' : '  Something differs from the source!\n',
      );
    },
  };
}

function lines(total: number): Screen {
  const write = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
  return {
    progress: (chunks) => write({ event: 'progress', total, chunks }),
    say: (event, text) => write({ event, text }),
    result: (rows, ok, note) => {
      for (const row of rows) write({ event: 'reader', ...row });
      write({ event: 'result', ok, note });
    },
  };
}

export function rowOf(tally: Tally): Row {
  const { name, chunks, repaired, duplicates, resumed, lost, sha256 } = tally;
  return {
    reader: name,
    chunks,
    repaired,
    'duplicates dropped': duplicates,
    resumed,
    lost,
    sha256: sha256.slice(0, 16),
  };
}
