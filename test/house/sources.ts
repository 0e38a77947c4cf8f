import { basename } from 'node:path';
import {
  camelName,
  type Declaration,
  declarationsOf,
  type House,
  isIndex,
  isInternal,
  linesOfCode,
  type Rule,
  type SourceFile,
} from './house.js';

/** Files, by path, whose code matches. */
function matching(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, code }) =>
    code.split('\n').flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1} ${line.trim()}`] : [])),
  );
}

/** The operators users see, each with its function's declaration. */
function operatorsOf({ sources }: House): { path: string; main: Declaration | undefined }[] {
  return sources
    .filter((file) => file.path.startsWith('operators/') && !isIndex(file) && !isInternal(file))
    .map((file) => ({
      path: file.path,
      main: declarationsOf(file).find(({ name, kind }) => kind === 'function' && name === camelName(file.path)),
    }));
}

/** Whether nothing of the file is left at run time: types, interfaces and re-exports. */
function isTypesOnly(file: SourceFile): boolean {
  return !/^(?:export )?(?:default |declare |abstract |async )*(?:class|function\*?|const|let|enum) /m.test(file.code);
}

function testOf(path: string): string {
  return `test/${path.replace(/^src\//, '').replace(/\.ts$/, '.test.ts')}`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

const promises = ['**Emits**', '**Errors**', '**Completes**', '**Holds**', '@example'];

/** Last words of an option's name that tell of a time; its unit belongs behind them. */
const timeWords =
  /(?:^|[a-z])(?:(?:S|^s)ec(?:ond)?s?|(?:M|^m)inutes?|(?:M|^m)illis(?:econds)?|(?:T|^t)imeout|(?:I|^i)nterval|(?:D|^d)elay|(?:D|^d)uration|(?:P|^p)eriod|(?:A|^a)ge|(?:T|^t)tl|(?:G|^g)race|(?:E|^e)very|(?:W|^w)ithin)$/;

/** What is so much in a time is no time. */
const rates = /(?:^p|P)er(?:Second|Minute|Hour)$/;

export const sourceRules: readonly Rule[] = [
  {
    says: 'no file holds more than 400 lines of code',
    mend: 'split it by concept; comments and blank lines do not count',
    broken: ({ sources, tests }) =>
      [...sources, ...tests]
        .filter((file) => linesOfCode(file) > 400)
        .map((file) => `${file.path} has ${linesOfCode(file)}`),
    sample: { 'src/chunk/chunk.ts': 'let a = 1;\n'.repeat(401) },
  },
  {
    says: 'half of the files hold at most 100 lines of code',
    mend: 'files have grown everywhere: look for concepts that share one',
    broken: ({ sources }) => {
      const middle = median(sources.map(linesOfCode));
      return middle <= 100 ? [] : [`src and operators: the median is ${middle} lines`];
    },
    sample: { 'src/chunk/chunk.ts': 'let a = 1;\n'.repeat(101) },
  },
  {
    says: 'every file with code has a test of the same name',
    mend: 'write it: test/ mirrors src/ and operators/',
    broken: ({ sources, files }) =>
      sources
        .filter((file) => !isIndex(file) && !isTypesOnly(file) && !files.has(testOf(file.path)))
        .map(({ path }) => `${path} has no ${testOf(path)}`),
    sample: { 'src/chunk/position.ts': 'export const first = 0;' },
  },
  {
    says: 'every exported thing has a TSDoc comment',
    mend: 'say above it, in a sentence or two, what it is for',
    broken: ({ sources }) =>
      sources.flatMap((file) =>
        declarationsOf(file)
          .filter(({ doc }) => doc === undefined)
          .map(({ name }) => `${file.path} exports ${name} without one`),
      ),
    sample: { 'src/chunk/position.ts': '/** Good. */\nexport const a = 0;\n\n// Not enough.\nexport const b = 1;' },
  },
  {
    says: 'every operator promises Emits, Errors, Completes and Holds, and shows an example',
    mend: 'give its TSDoc the four lines and one @example with a marble picture, as operators/dedupe.ts has them',
    broken: (house) =>
      operatorsOf(house).flatMap(({ path, main }) => {
        const missing = promises.filter((promise) => !main?.doc?.includes(promise));
        return missing.length === 0 ? [] : [`${path} lacks ${missing.join(', ')}`];
      }),
    sample: {
      'operators/pace.ts':
        '/** **Emits** all.\n * **Errors** never.\n * **Completes** too. */\nexport function pace() {}',
    },
  },
  {
    says: "an operator's file is named as its function",
    mend: 'gap-timeout.ts exports the function gapTimeout; mark what users do not see @internal',
    broken: (house) =>
      operatorsOf(house)
        .filter(({ main }) => main === undefined)
        .map(({ path }) => `${path} exports no function ${camelName(path)}`),
    sample: { 'operators/pace.ts': '/** Slows. */\nexport function slow() {}' },
  },
  {
    says: 'file names are concepts, in kebab-case',
    mend: 'name the file as its main export; utils, helpers, common, manager and service say nothing',
    broken: ({ sources }) =>
      sources
        .map(({ path }) => path)
        .filter((path) => {
          const name = basename(path, '.ts');
          const vague = /(?:^|-)(?:utils?|helpers?|common|misc|manager|service|impl)(?:-|$)/.test(name);
          return vague || !/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name);
        }),
    sample: { 'src/log/log-utils.ts': '' },
  },
  {
    says: 'a library never writes to the console',
    mend: 'report through a probe, an event or an error; the command line writes to process.stdout',
    broken: ({ sources }) => matching(sources, /\bconsole\s*[.[]/),
    sample: { 'src/log/memory.ts': 'console.log(1);' },
  },
  {
    says: 'time and chance are handed in',
    mend: 'use the scheduler (its now() and schedule()) and the random function given as options',
    broken: ({ sources }) =>
      matching(
        sources.filter(({ path }) => timeless.test(path)),
        /\b(?:setTimeout(?!\(\w+\))|setInterval|Date\.now|performance\.now|Math\.random)\(|\bnew Date\(\)/,
      ),
    sample: { 'operators/pace.ts': 'setTimeout(next, 5);' },
  },
  {
    says: 'options that are times end in Ms',
    mend: 'rename the option: idleTimeout → idleTimeoutMs',
    broken: ({ sources }) =>
      sources.flatMap(({ path, code }) =>
        Array.from(code.matchAll(/^export interface (\w+Options)\b[^{]*\{([\s\S]*?)^\}/gm)).flatMap(
          ([, owner, body = '']) =>
            Array.from(body.matchAll(/^ {2}(?:readonly )?(\w+)\??: [^;]*\bnumber\b/gm), ([, name = '']) => name)
              .filter((name) => timeWords.test(name) && !rates.test(name))
              .map((name) => `${path} ${owner}.${name}`),
        ),
      ),
    sample: { 'src/log/memory.ts': 'export interface MemoryLogOptions {\n  readonly maxAge?: number;\n}' },
  },
];

/**
 * Operators and machines run under virtual time. The hinge is let off: it reports unhandled errors as RxJS does, on the
 * real clock, so that they surface outside whatever is running. A timer without milliseconds is a turn, not a time.
 */
const timeless = /^(?:operators\/(?!operate\.ts)|src\/(?:client|gateway|streams|protocol)\/)/;
