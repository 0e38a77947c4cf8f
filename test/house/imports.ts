import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import type { House, Rule, SourceFile } from './house.js';

/** Imports go from a higher floor to a lower one. Rooms of one floor do not meet. */
const floors: readonly (readonly string[])[] = [
  ['chunk', 'probe', 'flow'],
  ['operators', 'protocol', 'format', 'marble'],
  ['source', 'log', 'bus', 'queue', 'transport', 'auth'],
  ['client', 'gateway', 'streams', 'durable', 'run', 'interop'],
  ['testing', 'response', 'telemetry', 'components'],
  ['monitor'],
  ['node'],
  ['cli'],
];

/** The only ways from room to room on one floor. */
const sideDoors = new Set([
  'probe → chunk',
  'flow → chunk',
  'operators → format',
  'transport → auth',
  'gateway → streams',
  'durable → streams',
  'run → streams',
  'interop → streams',
]);

/** Rooms on the floor of ports: `log/log.ts` is a port, its neighbours are adapters. */
const portRooms = new Set(floors[2]);

/**
 * Iterables are the language's own: no port stands before them. What a model says is a port within its folder. Whoever works
 * on a queue knows only its port.
 */
const openToMachines = new Set([
  'src/auth/quotas.ts',
  'src/auth/budget-key.ts',
  'src/source/batches.ts',
  'src/source/consumer.ts',
  'src/source/iterable.ts',
  'src/source/llm/llm.ts',
  'src/queue/consume.ts',
  'src/queue/work.ts',
]);

/** What other toolkits send is read with the parts that read what providers send. */
const isDialectOf = (from: string, target: string): boolean =>
  from === 'interop' && target.startsWith('src/source/llm/');

/** Rooms that choose adapters; everywhere else only ports are known. */
const choosers = new Set(['node', 'cli', 'testing', 'components']);

function roomOf(path: string): string {
  return path.startsWith('operators/') ? 'operators' : (path.split('/')[1] ?? '');
}

function floorOf(room: string): number {
  return floors.findIndex((rooms) => rooms.includes(room));
}

/** `file → file` for every import within the house. */
function ways({ sources }: House): { file: SourceFile; from: string; to: string; target: string }[] {
  return sources.flatMap((file) =>
    file.imports
      .filter(({ target }) => target !== undefined && !target.startsWith('..'))
      .map(({ target = '' }) => ({ file, from: roomOf(file.path), to: roomOf(target), target })),
  );
}

function isAdapter(target: string): boolean {
  const room = roomOf(target);
  return portRooms.has(room) && target !== `src/${room}/${room}.ts` && !openToMachines.has(target);
}

/** The files that run in browsers, and everything they import. */
function browserFiles({ files, sources }: House): readonly SourceFile[] {
  const { include = [] } = JSON.parse(files.get('tsconfig.browser.json') ?? '{}') as { include?: string[] };
  const reached = new Set(sources.filter(({ path }) => include.some((entry) => `${path}/`.startsWith(`${entry}/`))));
  // A set that grows while it is walked is walked to its end.
  for (const file of reached) {
    const targets = file.imports.map(({ target }) => target);
    for (const source of sources) if (targets.includes(source.path)) reached.add(source);
  }
  return [...reached];
}

export const importRules: readonly Rule[] = [
  {
    says: 'every room has a floor',
    mend: 'put the code into a room there is, or give the new room its floor in test/house/imports.ts and ARCHITECTURE.md',
    broken: ({ sources }) => sources.filter(({ path }) => floorOf(roomOf(path)) < 0).map(({ path }) => path),
    sample: { 'src/attic/box.ts': '' },
  },
  {
    says: 'imports go down only',
    mend: 'move what both need to a lower floor, or hand it in as an option; ARCHITECTURE.md shows the floors',
    broken: (house) =>
      ways(house)
        .filter(({ from, to }) => from !== to && !sideDoors.has(`${from} → ${to}`) && floorOf(to) >= floorOf(from))
        .map(({ file, target }) => `${file.path} imports ${target}`),
    sample: { 'src/client/client.ts': "import type { A } from '../gateway/gateway.js';" },
  },
  {
    says: 'machines know ports, never adapters',
    mend: 'import the port (src/log/log.ts, src/transport/transport.ts …) and take the adapter as an argument',
    broken: (house) =>
      ways(house)
        .filter(
          ({ from, to, target }) =>
            from !== to && isAdapter(target) && !choosers.has(from) && !isDialectOf(from, target),
        )
        .map(({ file, target }) => `${file.path} imports ${target}`),
    sample: { 'src/streams/streams.ts': "import { createMemoryLog } from '../log/memory.js';" },
  },
  {
    says: 'only public names of RxJS are imported',
    mend: "import from 'rxjs' or, in tests and src/testing, from 'rxjs/testing'",
    broken: ({ sources, tests }) =>
      [...sources, ...tests].flatMap(({ path, imports }) =>
        imports
          .filter(({ specifier }) => /^rxjs\/(?!testing$)/.test(specifier))
          .map(({ specifier }) => `${path} imports ${specifier}`),
      ),
    sample: { 'operators/a.ts': "import { createOperatorSubscriber } from 'rxjs/internal/operators';" },
  },
  {
    says: 'only operators/operate.ts and what it carries use the class Subscriber',
    mend: 'write the operator as a Stage of operators/operate.ts, or import the type only',
    broken: ({ sources }) =>
      sources
        .filter(({ path, imports }) => {
          const uses = imports.some(({ specifier, names }) => specifier === 'rxjs' && subscriberValue.test(names));
          return uses && path !== hinge && !imports.some(({ target }) => target === hinge);
        })
        .map(({ path }) => `${path} imports Subscriber`),
    sample: { 'src/client/client.ts': "import {\n  Observable,\n  Subscriber,\n} from 'rxjs';" },
  },
  {
    says: 'browser files and what they import use nothing of Node',
    mend: 'move what needs Node to src/node or to a server adapter; tsconfig.browser.json lists the browser files',
    broken: (house) =>
      browserFiles(house).flatMap(({ path, imports }) =>
        imports
          .filter(({ specifier }) => isBuiltin(specifier) || specifier === 'ws')
          .map(({ specifier }) => `${path} imports ${specifier}`),
      ),
    sample: {
      'tsconfig.browser.json': '{ "include": ["src/client"] }',
      'src/client/client.ts': "export * from '../protocol/encode.js';",
      'src/protocol/encode.ts': "import { Buffer } from 'node:buffer';",
    },
  },
  {
    says: 'examples import what a user can import',
    mend: "import from 'sluice/…'; if the name is not there, export it",
    broken: ({ files }) =>
      [...files].flatMap(([path, text]) => {
        if (!/^examples\/.*\.ts$/.test(path)) return [];
        const inward = Array.from(text.matchAll(/from '(\.[^']*)'/g), ([, specifier = '']) => specifier);
        return inward
          .filter((specifier) => !posix.join(posix.dirname(path), specifier).startsWith('examples/'))
          .map((specifier) => `${path} imports ${specifier}`);
      }),
    sample: { 'examples/01-read.ts': "import { createClient } from '../src/client/client.js';" },
  },
];

const hinge = 'operators/operate.ts';
const subscriberValue = /^(?!type\s)[^]*(?<!\btype )\bSubscriber\b/;
