import { checkBound, type JsonValue } from '../chunk/index.js';

/** Options of {@link createPartialJson}. */
export interface PartialJsonOptions {
  /** Most objects and lists within each other. More is `invalid`. Default 64. */
  readonly maxDepth?: number;
}

/** A JSON text that is still being written. */
export interface PartialJson {
  /** Takes more of the text. Behind a mistake nothing is taken. */
  push(text: string): void;
  /** `partial` while something is missing, `complete` when it is whole, `invalid` when it is not JSON. */
  readonly state: 'partial' | 'complete' | 'invalid';
  /**
   * As much of the value as is certain: texts as far as they have come, but numbers, words and names only when they are
   * whole, since 1 may become 12. `undefined` before anything is. It is the one value that grows, not a copy.
   */
  readonly value: JsonValue | undefined;
}

/**
 * Reads a JSON text while it is being written, such as the input of a tool: what is there already can be shown. Each
 * character is looked at once, however many pieces there are. What it gives before the end is for the eye only: a text that
 * was cut off looks just like one that is short.
 *
 * @example
 * const input = createPartialJson();
 * input.push('{"city":"Flor');
 * input.value; // { city: 'Flor' }
 */
export function createPartialJson(options: PartialJsonOptions = {}): PartialJson {
  return new Reader(checkBound('maxDepth', options.maxDepth ?? 64));
}

/** An object or a list that is open. */
interface Level {
  readonly container: Record<string, JsonValue> | JsonValue[];
  /** The name whose value comes. */
  name: string;
}

/** What may come next. */
type Expects = 'value' | 'value or ]' | 'name' | 'name or }' | 'colon' | 'comma' | 'nothing';

const blank = ' \t\r\n';
const scalar = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;
/** Ends a run of ordinary characters within a text. */
// eslint-disable-next-line no-control-regex -- JSON forbids them within texts
const special = /["\\\u0000-\u001f]/g;
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

class Reader implements PartialJson {
  state: 'partial' | 'complete' | 'invalid' = 'partial';
  value: JsonValue | undefined;
  private readonly levels: Level[] = [];
  private expects: Expects = 'value';
  /** The text that is open, a name or a value, as far as it has come. */
  private text: string | undefined;
  private isName = false;
  /** An escape that is not whole. */
  private escape = '';
  /** A number or a word that may go on. */
  private word = '';

  constructor(private readonly maxDepth: number) {}

  push(text: string): void {
    let at = 0;
    while (at < text.length && this.state !== 'invalid') {
      at = this.text === undefined ? this.outside(text, at) : this.inside(text, at);
    }
    if (this.text !== undefined && !this.isName && this.state !== 'invalid') this.replace(this.text);
  }

  /** A character between texts. */
  private outside(text: string, at: number): number {
    const character = text[at]!;
    if (/[\w.+-]/.test(character)) {
      this.word += character;
      // No word and no number of use is longer.
      if (this.word.length > 400 || !this.expects.startsWith('value')) this.state = 'invalid';
      return at + 1;
    }
    if (this.word !== '' && !this.endWord()) return at;
    if (!blank.includes(character)) this.sign(character);
    return at + 1;
  }

  private endWord(): boolean {
    const { word } = this;
    this.word = '';
    if (!scalar.test(word)) {
      this.state = 'invalid';
      return false;
    }
    this.place(JSON.parse(word) as JsonValue);
    this.valueIsOver();
    return true;
  }

  private sign(character: string): void {
    const { expects } = this;
    if (character === '"' && expects.startsWith('value')) this.beginText(false);
    else if (character === '"' && expects.startsWith('name')) this.beginText(true);
    else if (character === '{' && expects.startsWith('value')) this.open({}, 'name or }');
    else if (character === '[' && expects.startsWith('value')) this.open([], 'value or ]');
    else if (character === ':' && expects === 'colon') this.expects = 'value';
    else if (character === ',' && expects === 'comma') this.expects = this.inList() ? 'value' : 'name';
    else if (character === '}' && !this.inList() && (expects === 'comma' || expects === 'name or }')) this.close();
    else if (character === ']' && this.inList() && (expects === 'comma' || expects === 'value or ]')) this.close();
    else this.state = 'invalid';
  }

  private inList(): boolean {
    return Array.isArray(this.levels.at(-1)?.container);
  }

  private beginText(isName: boolean): void {
    this.text = '';
    this.isName = isName;
    // A list has the text from here on, and its last item is written anew as it grows.
    if (!isName) this.place('');
  }

  private open(container: Level['container'], expects: Expects): void {
    if (this.levels.length >= this.maxDepth) {
      this.state = 'invalid';
      return;
    }
    this.place(container);
    this.levels.push({ container, name: '' });
    this.expects = expects;
  }

  private close(): void {
    this.levels.pop();
    this.valueIsOver();
  }

  private valueIsOver(): void {
    this.expects = this.levels.length === 0 ? 'nothing' : 'comma';
    if (this.levels.length === 0) this.state = 'complete';
  }

  /** Characters of a text, up to its end. @returns where to go on */
  private inside(text: string, at: number): number {
    if (this.escape !== '') return this.escaped(text, at);
    special.lastIndex = at;
    const found = special.exec(text)?.index ?? text.length;
    this.text += text.slice(at, found);
    if (found === text.length) return found;
    const character = text[found];
    if (character === '\\') this.escape = '\\';
    else if (character === '"') this.endText();
    else this.state = 'invalid';
    return found + 1;
  }

  private escaped(text: string, at: number): number {
    this.escape += text[at]!;
    const [, kind = '', ...digits] = this.escape;
    const meant = kind === 'u' ? undefined : escapes[kind];
    if (meant !== undefined) this.endEscape(meant);
    else if (kind !== 'u' || !digits.every((digit) => /[\da-fA-F]/.test(digit))) this.state = 'invalid';
    else if (digits.length === 4) this.endEscape(String.fromCharCode(Number.parseInt(digits.join(''), 16)));
    return at + 1;
  }

  private endEscape(meant: string): void {
    this.text += meant;
    this.escape = '';
  }

  private endText(): void {
    const text = this.text!;
    this.text = undefined;
    if (this.isName) {
      this.levels.at(-1)!.name = text;
      this.expects = 'colon';
      return;
    }
    this.replace(text);
    this.valueIsOver();
  }

  /** A new value, where the next belongs. */
  private place(value: JsonValue): void {
    const level = this.levels.at(-1);
    if (level === undefined) this.value = value;
    else if (Array.isArray(level.container)) level.container.push(value);
    else define(level.container, level.name, value);
  }

  /** The last value anew. */
  private replace(value: JsonValue): void {
    const level = this.levels.at(-1);
    if (level === undefined) this.value = value;
    else if (Array.isArray(level.container)) level.container[level.container.length - 1] = value;
    else define(level.container, level.name, value);
  }
}

/** Defined, not assigned: `__proto__` is a name like others. */
function define(container: Record<string, JsonValue>, name: string, value: JsonValue): void {
  if (name === '__proto__') {
    Object.defineProperty(container, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    container[name] = value;
  }
}
