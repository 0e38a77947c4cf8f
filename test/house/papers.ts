import type { House, Rule } from './house.js';

/** `file:line text` of every line of any text file that matches. */
function lines({ files }: House, pattern: RegExp): string[] {
  return [...files].flatMap(([path, text]) =>
    text
      .split('\n')
      .flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1} ${line.trim().slice(0, 120)}`] : [])),
  );
}

const machinePath = /(?<![\w.\-:/$}])\/(?:work|home|root|tmp|Users|mnt)\/\w/;
const leftover = /\b(?:T[O]DO|F[I]XME|X{3})\b/;

// In the samples some letters are escaped: this file keeps the rules as well.
export const paperRules: readonly Rule[] = [
  {
    says: 'no file names a path of one machine',
    mend: 'make it relative to the project, or ask the system for a temporary folder',
    broken: (house) => lines(house, machinePath),
    sample: { 'docs/guide.md': 'Look into /\x68ome/ishmael/books.' },
  },
  {
    says: 'nothing is left for later in a comment',
    mend: 'do it, or open an issue',
    broken: (house) => lines(house, leftover),
    sample: { 'src/chunk/chunk.ts': '// \x54ODO: check' },
  },
  {
    says: 'numbered examples fit on a screen',
    mend: 'at most 60 lines; make two of it',
    broken: ({ files }) =>
      [...files]
        .filter(([path, text]) => /^examples\/\d\d-.*\.ts$/.test(path) && text.trimEnd().split('\n').length > 60)
        .map(([path]) => path),
    sample: { 'examples/01-read.ts': 'let a = 1;\n'.repeat(61) },
  },
  {
    says: 'links between the papers lead somewhere',
    mend: 'correct the link, or write the page',
    broken: ({ files }) =>
      [...files].flatMap(([path, text]) => {
        if (!path.endsWith('.md')) return [];
        const links = Array.from(text.matchAll(/\]\((?!\w+:|#)([^)#\s]+)/g), ([, link = '']) => link);
        return links.filter((link) => !leads(files, path, link)).map((link) => `${path} links to ${link}`);
      }),
    sample: { 'README.md': 'See [the guide](docs/guide.md).' },
  },
  {
    says: 'the map names places that exist',
    mend: 'ARCHITECTURE.md names a file that has moved or gone: say where its work is done now',
    broken: ({ files }) => {
      const map = files.get('ARCHITECTURE.md') ?? '';
      const named = Array.from(
        map.matchAll(/`((?:src|operators|test|docs|examples)\/[\w./-]*)`/g),
        ([, path = '']) => path,
      );
      const stations = Array.from(map.matchAll(/^ ▼ ([\w/-]+)(?=\s)/gm), ([, path = '']) => `${path}.ts`);
      const places = [...named, ...stations.map((path) => (path.startsWith('operators/') ? path : `src/${path}`))];
      return places.filter((path) => !leads(files, 'ARCHITECTURE.md', path));
    },
    sample: { 'ARCHITECTURE.md': '```\n ▼ attic/box    things\n```' },
  },
];

function leads(files: ReadonlyMap<string, string>, from: string, link: string): boolean {
  const target = new URL(link, `file:///${from}`).pathname.slice(1);
  const folder = target.endsWith('/') ? target : `${target}/`;
  return files.has(target) || [...files.keys()].some((path) => path.startsWith(folder));
}
