import { firstSentence, oneLine } from './comment.js';
import type { Field, TypePage } from './declaration.js';

/** What is known of an operator. */
export interface OperatorPage {
  /** Its name, and that of its file without `.ts`. */
  readonly name: string;
  readonly file: string;
  readonly signatures: readonly string[];
  readonly text: string;
  readonly promises: string;
  readonly tags: readonly { readonly name: string; readonly text: string }[];
  readonly types: readonly TypePage[];
  /** The code of its TSDoc's example, and of examples/operators. */
  readonly usage: string;
  readonly program: string;
}

/** Writes the page of an operator. `pages` has the file of every operator that has a page, by name. */
export function writePage(operator: OperatorPage, pages: ReadonlyMap<string, string>): string {
  const { name, file, signatures, types, usage, program } = operator;
  const parts = [
    `<!-- Written by \`npm run docs\` from operators/${file}.ts: change that. -->`,
    `# ${name}`,
    operator.text,
    `![Marble diagram of ${name}](${file}.svg)`,
    operator.promises,
    ...operator.tags.filter((tag) => tag.name !== 'example').map(writeTag),
    '## Use',
    code(usage),
    `A program that runs, [examples/operators/${file}.ts](../../examples/operators/${file}.ts), and below it what it prints:`,
    code(program),
    '## Signature',
    code(signatures.join('\n\n')),
    ...types.flatMap(writeType),
    `[All operators](README.md) · [source](../../operators/${file}.ts) · [tests](../../test/operators/${file}.test.ts)`,
  ];
  return `${linked(parts.filter((part) => part !== '').join('\n\n'), name, pages)}\n`;
}

/** Writes the list of all operators, by what they are for. */
export function writeIndex(
  operators: readonly OperatorPage[],
  purposes: Readonly<Record<string, readonly string[]>>,
): string {
  const byName = new Map(operators.map((operator) => [operator.name, operator]));
  const listed = Object.values(purposes).flat();
  const missing = operators.filter(({ name }) => !listed.includes(name));
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(', ');
    throw new Error(`${names}: say in scripts/docs/purposes.ts what for`);
  }
  const pages = new Map(operators.map(({ name, file }) => [name, file]));
  const groups = Object.entries(purposes).flatMap(([purpose, names]) => [
    `## ${purpose}`,
    table(
      ['operator', 'what it does'],
      names.map((name) => {
        const operator = byName.get(name);
        if (operator === undefined) throw new Error(`${name} of scripts/docs/purposes.ts is no operator`);
        return [`[\`${name}\`](${operator.file}.md)`, firstSentence(operator.text)];
      }),
    ),
  ]);
  const head = [
    '<!-- Written by `npm run docs` from operators/*.ts: change those. -->',
    '# Operators',
    'All of them come from `sluice/operators`, each also from a path of its own, as `sluice/operators/gap-timeout`. In a picture time\ngoes to the right; what stands in a pile comes at once, the first on top; a bar completes, a cross is an error, a dashed circle\nis what is missing there. Options in bold must be given. The programs are run by the tests, and print what they say.',
  ];
  return `${linked([...head, ...groups].join('\n\n'), '', pages)}\n`;
}

function writeTag({ name, text }: { name: string; text: string }): string {
  if (name === 'throws') return `It throws ${lowerFirst(oneLine(text))}.`;
  if (name === 'param') return `\`${oneLine(text).replace(/ - /, '`: ')}.`;
  throw new Error(`a page has no place for @${name}`);
}

function writeType({ name, kind, text, fields, stands }: TypePage): string[] {
  if (kind === 'type') return [`## ${name}`, text, code(stands)];
  // The heading says as much.
  const said = /^Options of \{@link \w+\}\.$/.test(text) ? '' : text;
  const given = name.endsWith('Options');
  const rows = fields.map((field) => [nameOf(field, given), `\`${field.type}\``, oneLine(field.text)]);
  return [`## ${name}`, said, table([given ? 'option' : 'field', 'type', 'meaning'], rows)];
}

/** Options that must be given are set in bold. */
function nameOf({ name, optional }: Field, given: boolean): string {
  return given && !optional ? `**\`${name}\`**` : `\`${name}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows.map((cells) => cells.map((cell) => cell.replaceAll('|', '\\|')))];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function code(text: string): string {
  return text === '' ? '' : `\`\`\`ts\n${text}\n\`\`\``;
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]+ /.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text;
}

/** `{@link X}` leads to the page of X; a page does not link to itself. */
function linked(text: string, self: string, pages: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\{@link (\w+)\}/g, (_, name: string) => {
    const file = name === self ? undefined : pages.get(name);
    return file === undefined ? `\`${name}\`` : `[\`${name}\`](${file}.md)`;
  });
}
