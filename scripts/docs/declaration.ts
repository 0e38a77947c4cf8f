import { declarationsOf, type SourceFile } from '../../test/house/house.js';
import { readComment } from './comment.js';

/** A field of an interface or class. */
export interface Field {
  readonly name: string;
  readonly type: string;
  readonly optional: boolean;
  readonly text: string;
}

/** An exported type that goes with an operator. */
export interface TypePage {
  readonly name: string;
  readonly kind: 'interface' | 'class' | 'type';
  readonly text: string;
  readonly fields: readonly Field[];
  /** What a `type` stands for. */
  readonly stands: string;
}

/** The calls a function offers: each of its overloads, or the one it has. */
export function signaturesOf(text: string, name: string): readonly string[] {
  const heads = Array.from(text.matchAll(new RegExp(`^export (function ${name}\\b[^]*?)(;| \\{)\\n`, 'gm')));
  const overloads = heads.filter(([, , end]) => end === ';');
  return (overloads.length > 0 ? overloads : heads).map(([, head = '']) => head);
}

/** The types a file exports. A type that another of the file extends is shown there. */
export function typesOf(file: SourceFile, all: readonly SourceFile[]): readonly TypePage[] {
  const { text } = file;
  return declarationsOf(file).flatMap(({ name, kind, doc }) => {
    if (kind !== 'interface' && kind !== 'class' && kind !== 'type') return [];
    if (new RegExp(`^export interface [^{]* extends [^{]*\\b${name}\\b`, 'm').test(file.code)) return [];
    const fields = kind === 'type' ? [] : fieldsOf(text, name, all);
    const stands = kind === 'type' ? (new RegExp(`^export (type ${name}\\b[^]*?;)\\n`, 'm').exec(text)?.[1] ?? '') : '';
    return [{ name, kind, text: readComment(doc ?? '').text, fields, stands }];
  });
}

/** Its own fields, then those of what it extends. */
function fieldsOf(text: string, name: string, all: readonly SourceFile[]): readonly Field[] {
  const declared = new RegExp(
    `^export (?:interface|class) ${name}\\b(?:<[^{]*?>)?(?: extends (?<bases>[^{]*?))? \\{\\n(?<body>[^]*?)^\\}`,
    'm',
  ).exec(text)?.groups;
  if (declared === undefined) throw new Error(`${name} is not declared`);
  const inherited = Array.from((declared['bases'] ?? '').matchAll(/(Partial<)?([A-Z]\w+)/g)).flatMap(
    ([, partial, base = '']) => {
      const home = base === 'Partial' ? undefined : homeOf(base, all);
      if (home === undefined) return [];
      const fields = fieldsOf(home.text, base, all);
      return partial === undefined ? fields : fields.map((field) => ({ ...field, optional: true }));
    },
  );
  return [...readFields(declared['body'] ?? ''), ...inherited];
}

function homeOf(name: string, all: readonly SourceFile[]): SourceFile | undefined {
  return all.find(({ text }) => text.includes(`export interface ${name}`));
}

const comment = String.raw`(?:\/\*\*(?<doc>(?:(?!\*\/)[^])*)\*\/\s*)?`;
const shapes = [
  // A field, whose type may take several lines.
  new RegExp(String.raw`${comment}^ {2}readonly (?<name>\w+)(?<optional>\??)(?:: | = )(?<type>[^]*?);\n`, 'gm'),
  // A parameter of a constructor that is a field.
  new RegExp(String.raw`${comment}^ {4}readonly (?<name>\w+)(?<optional>\??): (?<type>.*),\n`, 'gm'),
];

function readFields(body: string): readonly Field[] {
  return shapes.flatMap((shape) =>
    Array.from(body.matchAll(shape), ({ groups }) => {
      const { doc = '', name = '', optional, type = '' } = groups ?? {};
      return { name, type: inOneLine(type), optional: optional === '?', text: readComment(`/**${doc}*/`).text };
    }),
  );
}

function inOneLine(type: string): string {
  return type
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll('( ', '(')
    .replaceAll(/,? \)/g, ')');
}
