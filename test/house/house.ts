import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** One rule of the house: how to find what breaks it, and a small house that does, so that the rule itself is proven. */
export interface Rule {
  /** The rule, as a sentence. */
  readonly says: string;
  /** What to do about it. */
  readonly mend: string;
  /** One line for each break, the file first. */
  readonly broken: (house: House) => readonly string[];
  /** Files, by path, of a house that breaks the rule. */
  readonly sample: Readonly<Record<string, string>>;
}

/** The project as its files. */
export interface House {
  /** Every text file, by path; pictures as well, without what is in them. */
  readonly files: ReadonlyMap<string, string>;
  /** The TypeScript files of `src` and `operators`. */
  readonly sources: readonly SourceFile[];
  /** The TypeScript files of `test`. */
  readonly tests: readonly SourceFile[];
}

/** One TypeScript file, scanned. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** The text with comments blanked, line for line. */
  readonly code: string;
  readonly imports: readonly Import[];
}

/** One import or re-export. */
export interface Import {
  readonly specifier: string;
  /** Whether what is imported is handed on: `export … from`. */
  readonly passed: boolean;
  /** What stands between `import` and `from`. */
  readonly names: string;
  /** The file of the house it leads to, when it is a relative one. */
  readonly target: string | undefined;
}

const outside = new Set(['node_modules', 'dist', 'coverage', '.mutation', '.git']);
const textual =
  /\.(?:ts|mts|mjs|js|json|md|svg|html|css|txt|toml|yaml|yml|sh|proto)$|(?:^|\/)(?:LICENSE|\.gitignore|\.ci\/run)$/;

/** Reads the project below `root`. */
export function readHouse(root: string): House {
  const files: Record<string, string> = {};
  for (const path of walk(root, '')) {
    if (textual.test(path)) files[path] = readFileSync(join(root, path), 'utf8');
    // Papers show pictures: that one is there is all there is to say of it.
    else if (path.endsWith('.png')) files[path] = '';
  }
  return createHouse(files);
}

function* walk(root: string, folder: string): Generator<string> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (outside.has(entry.name)) continue;
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(root, path);
    else yield path;
  }
}

/** A house of files, by path. */
export function createHouse(files: Readonly<Record<string, string>>): House {
  const all = new Map(Object.entries(files).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const typescript = [...all].filter(([path]) => path.endsWith('.ts')).map(([path, text]) => scan(path, text));
  return {
    files: all,
    sources: typescript.filter(({ path }) => /^(?:src|operators)\//.test(path)),
    tests: typescript.filter(({ path }) => path.startsWith('test/')),
  };
}

function scan(path: string, text: string): SourceFile {
  const code = withoutComments(text);
  return { path, text, code, imports: importsOf(path, code) };
}

/** A comment, or what may hold the signs of one: strings, templates and regular expressions. */
const lexeme = new RegExp(
  [
    String.raw`(?<comment>//[^\n]*|/\*[\s\S]*?\*/)`,
    String.raw`"(?:\\.|[^"\\\n])*"`,
    String.raw`'(?:\\.|[^'\\\n])*'`,
    String.raw`\x60(?:\\[\s\S]|[^\x60\\])*\x60`,
    String.raw`(?<=(?:[(,=:[!&|?{};]|return|=>)\s*)/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+/`,
  ].join('|'),
  'g',
);

function withoutComments(text: string): string {
  return text.replaceAll(lexeme, (whole, comment: string | undefined) =>
    comment === undefined ? whole : comment.replaceAll(/[^\n]+/g, ''),
  );
}

const statements = [
  /^\s*(?<word>import|export)\s(?<names>[^'"`;=]*?)\sfrom\s*['"](?<specifier>[^'"]+)['"]/gm,
  /^\s*import\s*(?<names>)['"](?<specifier>[^'"]+)['"]/gm,
  /\bimport\(\s*(?<names>)['"](?<specifier>[^'"]+)['"]/g,
];

function importsOf(path: string, code: string): Import[] {
  return statements.flatMap((statement) =>
    Array.from(code.matchAll(statement), ({ groups }) => {
      const { names = '', specifier = '', word } = groups ?? {};
      return {
        specifier,
        names,
        passed: word === 'export',
        target: specifier.startsWith('.') ? targetOf(path, specifier) : undefined,
      };
    }),
  );
}

function targetOf(path: string, specifier: string): string {
  return posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts');
}

/** Lines that hold code: neither blank nor only a comment. */
export function linesOfCode({ code }: SourceFile): number {
  return code.split('\n').filter((line) => line.trim() !== '').length;
}

/** An exported declaration: its name, what it is, its TSDoc comment, and where it begins. */
export interface Declaration {
  readonly name: string;
  readonly kind: string;
  readonly doc: string | undefined;
}

const declaration =
  /(?<doc>\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?^export (?:declare |abstract |async )*(?<kind>class|function\*?|const|let|interface|type|enum) (?<name>\w+)/gm;

/** What a file declares and exports, in order; of overloads only the first. */
export function declarationsOf({ text }: SourceFile): readonly Declaration[] {
  const found = Array.from(text.matchAll(declaration), ({ groups }) => {
    const { name = '', kind = '', doc } = groups ?? {};
    return { name, kind, doc };
  });
  return found.filter(({ name }, i) => found[i - 1]?.name !== name);
}

/** Whether nothing in the file is meant for users: every export in it is marked `@internal`. */
export function isInternal(file: SourceFile): boolean {
  const declarations = declarationsOf(file);
  return declarations.length > 0 && declarations.every(({ doc }) => doc?.includes('@internal'));
}

/** Whether the file only lists what others hold. */
export function isIndex({ path }: SourceFile): boolean {
  return path.endsWith('/index.ts');
}

/** The `gapTimeout` of a file `gap-timeout.ts`. */
export function camelName(path: string): string {
  return posix.basename(path, '.ts').replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
