import { drawMarbles, readMarbles, svgText } from '../../src/marble/index.js';
import { camelName, declarationsOf, type House } from '../../test/house/house.js';
import { readComment, readExample } from './comment.js';
import { signaturesOf, typesOf } from './declaration.js';
import { type OperatorPage, writeIndex, writePage } from './page.js';

/** The files of `docs/operators`, by name: what `npm run docs` writes, made of the house alone. */
export function writeOperators(
  house: House,
  purposes: Readonly<Record<string, readonly string[]>>,
): ReadonlyMap<string, string> {
  const found = publicFiles(house).map((file) => readOperator(house, file));
  const operators = found.map(({ page }) => page);
  const pages = new Map(operators.map(({ name, file }) => [name, file]));
  const written = new Map([['README.md', writeIndex(operators, purposes)]]);
  for (const { page, picture } of found) {
    written.set(`${page.file}.md`, writePage(page, pages));
    const title = `Marble diagram of ${page.name}`;
    const drawn = drawMarbles(readMarbles(picture), { title, operator: page.name });
    written.set(`${page.file}.svg`, `${svgText(drawn)}\n`);
  }
  return written;
}

/** What the index hands on is public. */
function publicFiles({ files }: House): string[] {
  return Array.from((files.get('operators/index.ts') ?? '').matchAll(/'\.\/([\w-]+)\.js'/g), ([, file = '']) => file);
}

function readOperator(house: House, file: string): { page: OperatorPage; picture: readonly string[] } {
  const path = `operators/${file}.ts`;
  const source = house.sources.find((one) => one.path === path);
  const name = camelName(path);
  if (source === undefined) throw new Error(`operators/index.ts hands on ${path}, which is not there`);
  const doc = declarationsOf(source).find((one) => one.name === name)?.doc;
  if (doc === undefined) throw new Error(`${path} says nothing about ${name}`);
  const { text, promises, tags } = readComment(doc);
  const { picture, code } = readExample(tags.find((tag) => tag.name === 'example')?.text ?? '');
  if (picture.length === 0) throw new Error(`the @example in ${path} has no marbles`);
  const program = house.files.get(`examples/operators/${file}.ts`);
  if (program === undefined) throw new Error(`${name} has no program: write examples/operators/${file}.ts`);
  const signatures = signaturesOf(source.text, name);
  const types = typesOf(source, house.sources);
  const page = { name, file, signatures, text, promises, tags, types, usage: code, program: program.trimEnd() };
  return { page, picture };
}
