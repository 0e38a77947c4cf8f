// Checks the types of the code that the papers show, README and docs/: each block as a program of its own, with the names it takes
// for granted left open. So an option that was renamed is renamed on its page as well. A step of `npm run check`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/** Within the project, so that `sluice/…` is what it is to a user. */
const folder = '.papers';
const papers = ['README.md', 'CONTRIBUTING.md', ...readdirSync('docs').map((file) => `docs/${file}`)].filter((path) =>
  path.endsWith('.md'),
);

/** What blocks take for granted and the compiler could not guess. */
const granted = `
declare function tokens(signal: AbortSignal): AsyncIterable<string>;
declare function it(name: string, test: () => unknown): void;
`;

/** What a page does not say: names from somewhere else, and the types of what they call. */
const open = new Set(['TS2304', 'TS2552', 'TS18004', 'TS7006', 'TS7031']);
/** A page may show the inside of a function. */
const within = new Set(['TS1108']);

const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false, verbatimModuleSyntax: false };

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
try {
  const places = new Map(papers.flatMap(blocks));
  for (const [file, { code }] of places) writeFileSync(`${folder}/${file}`, `${code}\nexport {};\n`);
  writeFileSync(`${folder}/granted.d.ts`, granted);
  const config = { extends: '../tsconfig.json', compilerOptions, include: ['*.ts'] };
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(config));
  const compiler = ['node_modules/typescript/bin/tsc', '-p', `${folder}/tsconfig.json`, '--pretty', 'false'];
  const { stdout, stderr, status } = spawnSync(process.execPath, compiler, { encoding: 'utf8' });
  // What it says of programs goes to standard output.
  if (stdout === '' && status !== 0) throw new Error(`the compiler ended with ${status}: ${stderr}`);
  const wrong = problems(stdout, places);
  for (const line of wrong) console.log(line);
  console.log(`${places.size} blocks of ${papers.length} papers, ${wrong.length} wrong`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The TypeScript of a page, by the file that it becomes. */
function blocks(path) {
  const text = readFileSync(path, 'utf8');
  return Array.from(text.matchAll(/^ *```ts\n([^]*?)^ *```$/gm), ({ 1: code, index }) => {
    const line = text.slice(0, index).split('\n').length;
    return [`${path.replaceAll(/\W/g, '-')}-${line}.ts`, { path, line, code }];
  });
}

/** What the compiler says, at the lines of the papers. Of a block that is no program only its shape is judged. */
function problems(said, places) {
  const rows = Array.from(said.matchAll(/^\.papers\/([^(\n]+)\((\d+),\d+\): error (TS\d+): (.*)$/gm));
  return rows
    .filter(([, , , code]) => !open.has(code) && !within.has(code))
    .map(([, file, row, code, message]) => {
      const { path, line } = places.get(file);
      return `${path}:${line + Number(row)} ${message} (${code})`;
    });
}
