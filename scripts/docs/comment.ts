/** A TSDoc comment, taken apart. */
export interface Comment {
  /** What stands before the first tag, as Markdown. */
  readonly text: string;
  /** The `- **Emits** …` lines of an operator, as Markdown. */
  readonly promises: string;
  /** The text of each `@example`, `@throws` …, in order. */
  readonly tags: readonly { readonly name: string; readonly text: string }[];
}

/** Reads a comment with its signs, `/** … *\/`. */
export function readComment(comment: string): Comment {
  const plain = comment
    .replaceAll(/^\s*\/\*\*\s*|\s*\*\/\s*$/g, '')
    .replaceAll(/^[ \t]*\* ?/gm, '')
    .trim();
  const [whole = '', ...tags] = plain.split(/^@(?=\w)/m);
  const at = whole.search(/^- \*\*/m);
  return {
    text: (at < 0 ? whole : whole.slice(0, at)).trim(),
    promises: at < 0 ? '' : whole.slice(at).trim(),
    tags: tags.map((tag) => {
      const { name = '', text = '' } = /^(?<name>\w+)(?<text>[^]*)$/.exec(tag)?.groups ?? {};
      return { name, text: text.trim() };
    }),
  };
}

/** An example, parted into its marble picture and its code. */
export function readExample(text: string): { readonly picture: readonly string[]; readonly code: string } {
  const lines = text.split('\n');
  const drawn = lines.filter((line) => line.startsWith('// '));
  const code = lines.filter((line) => !line.startsWith('// '));
  return { picture: drawn.map((line) => line.slice(3)), code: code.join('\n').trim() };
}

/** The first sentence, in one line. */
export function firstSentence(text: string): string {
  return oneLine(/^[^]*?\.(?=\s|$)/.exec(text)?.[0] ?? text);
}

/** Text with its paragraphs and lists, made fit for the cell of a table. */
export function oneLine(text: string): string {
  return text
    .replaceAll(/\n\s*\n(?!\s*- )/g, '<br>')
    .replaceAll(/\s*\n\s*- /g, '<br>• ')
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();
}
