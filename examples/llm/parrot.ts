// A parrot: it has read one book, and says what may follow what was said. Not a language model, and honest about it: a table of
// which words follow which two, and a die. It needs no key and no network, and answers the same question the same way.

/** What the parrot says to a question. */
export interface Saying {
  readonly tokens: Iterable<string>;
  /** Why it stopped, known once all tokens are taken. */
  readonly reason: () => 'stop' | 'length';
}

/** A parrot that has read a text. */
export class Parrot {
  /** By two words, all that follow them. */
  private readonly followers = new Map<string, string[]>();
  /** Pairs of words that begin a sentence. */
  private readonly beginnings: (readonly [string, string])[] = [];

  constructor(text: string) {
    // Each token with the space before it, as models have them.
    const words = (text.match(/[\p{L}\d’'-]+|[.,;:!?]/gu) ?? []).map((word) => (/\w/.test(word) ? ` ${word}` : word));
    for (let i = 0; i + 2 < words.length; i++) {
      const [first, second, third] = [words[i]!, words[i + 1]!, words[i + 2]!];
      const after = this.followers.get(first + second);
      if (after === undefined) this.followers.set(first + second, [third]);
      else after.push(third);
      if (/^[.!?]$/.test(first) && /^ \p{Lu}/u.test(second)) this.beginnings.push([second, third]);
    }
  }

  /** Says something, beginning where the question has a word that begins a sentence, if there is one. */
  say(question: string, maxTokens: number): Saying {
    const random = seeded(question);
    let reason: 'stop' | 'length' = 'length';
    const tokens = this.tokens(this.begin(question, random), maxTokens, random, () => (reason = 'stop'));
    return { tokens, reason: () => reason };
  }

  private begin(question: string, random: () => number): readonly [string, string] {
    const asked = new Set(question.match(/[\p{L}’'-]{4,}/gu)?.map((word) => ` ${word}`));
    const fitting = this.beginnings.filter((pair) => pair.some((word) => asked.has(word)));
    const choices = fitting.length > 0 ? fitting : this.beginnings;
    return choices[Math.floor(random() * choices.length)]!;
  }

  private *tokens(
    [before, last]: readonly [string, string],
    maxTokens: number,
    random: () => number,
    stopped: () => void,
  ): Generator<string> {
    let [first, second] = [before, last];
    let sentences = 0;
    for (let said = 0; said < maxTokens; said++) {
      yield said === 0 ? first.trimStart() : first;
      if (/^[.!?]$/.test(first) && ++sentences === 4) return stopped();
      const choices = this.followers.get(first + second) ?? ['.'];
      [first, second] = [second, choices[Math.floor(random() * choices.length)]!];
    }
  }
}

/** Numbers that look random, the same for the same question. */
function seeded(question: string): () => number {
  let state = 2_166_136_261;
  for (let i = 0; i < question.length; i++) state = Math.imul(state ^ question.charCodeAt(i), 16_777_619) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
