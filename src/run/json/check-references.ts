import type { WrittenPart } from './document.js';
import { checkCondition } from './condition.js';
import { type Referred, referencesIn } from './expression.js';
import { PipelineError, within } from './pipeline-error.js';

/** What can be seen from a part of a pipeline. */
interface View {
  /** Steps that have begun when it begins. */
  readonly seen: ReadonlySet<string>;
  /** Those among them that may still be at work. */
  readonly unfinished: readonly string[];
  /** Whether it is within a `map`. */
  readonly hasItem: boolean;
}

/** @internal Checks that every step refers only to what has finished when it begins, and that ids are unique. */
export function checkReferences(parts: readonly WrittenPart[]): void {
  const book = new Book();
  book.list(parts);
  book.check(parts, { seen: new Set(), hasItem: false });
}

class Book {
  /** Where each id is. */
  private readonly fields = new Map<string, string>();
  /** What each step refers to directly. */
  private readonly needs = new Map<string, string[]>();

  list(parts: readonly WrittenPart[]): void {
    for (const part of parts) {
      const before = this.fields.get(part.id);
      if (before !== undefined) {
        throw new PipelineError('id-duplicate', within(part.field, 'id'), `"${part.id}" is the id of ${before}, too`);
      }
      this.fields.set(part.id, part.field);
      this.needs.set(part.id, stepsOf(referredBy(part)));
      for (const inner of innerOf(part)) this.list(inner);
    }
  }

  check(parts: readonly WrittenPart[], { seen: before, hasItem }: Omit<View, 'unfinished'>): void {
    const seen = new Set(before);
    /** Steps whose stream the next one reads: they may still be at work. */
    let unfinished: string[] = [];
    for (const part of parts) {
      if (!isReader(part)) unfinished = [];
      for (const referred of referredBy(part)) this.checkOne(referred, part, { seen, unfinished, hasItem });
      for (const inner of innerOf(part)) {
        this.check(inner, { seen, hasItem: hasItem || part.kind === 'map' });
      }
      if (part.kind === 'step' && part.compensate !== undefined) {
        const own = new Set([...seen, part.id]);
        const field = within(part.field, 'compensate', 'with');
        for (const referred of referencesIn(part.compensate.with, field)) {
          this.checkOne(referred, part, { seen: own, unfinished: [], hasItem });
        }
      }
      seen.add(part.id);
      unfinished.push(part.id);
    }
  }

  private checkOne({ field, reference }: Referred, part: WrittenPart, { seen, unfinished, hasItem }: View): void {
    const { to, step = '' } = reference;
    if (to === 'input') return;
    if (to !== 'step') {
      if (!hasItem) throw new PipelineError('reference-unknown', field, `there is no ${to} outside of map`);
      return;
    }
    if (seen.has(step) && !unfinished.includes(step)) return;
    if (!this.fields.has(step)) throw new PipelineError('reference-unknown', field, `there is no step "${step}"`);
    const cycle = this.way(step, part.id);
    if (cycle !== undefined) {
      throw new PipelineError('reference-cycle', field, `steps need each other: ${[part.id, ...cycle].join(' → ')}`);
    }
    const later = seen.has(step) || comesAfter(this.fields.get(step)!, part.field);
    if (later)
      throw new PipelineError('reference-later', field, `step "${step}" has not finished when this one begins`);
    throw new PipelineError(
      'reference-unknown',
      field,
      `step "${step}" is within a part that this one cannot see into`,
    );
  }

  /** From one step to another along what each needs. */
  private way(from: string, to: string, walked = new Set<string>()): string[] | undefined {
    if (from === to) return [to];
    walked.add(from);
    for (const next of this.needs.get(from) ?? []) {
      if (walked.has(next)) continue;
      const rest = this.way(next, to, walked);
      if (rest !== undefined) return [from, ...rest];
    }
    return undefined;
  }
}

function isReader(part: WrittenPart): boolean {
  return part.kind === 'step' && (part.input ?? (part.streaming === true ? 'stream' : 'value')) === 'stream';
}

function stepsOf(referred: readonly Referred[]): string[] {
  return referred.flatMap(({ reference: { step } }) => (step === undefined ? [] : [step]));
}

/** What a part itself refers to before it begins. */
function referredBy(part: WrittenPart): Referred[] {
  switch (part.kind) {
    case 'step':
      return referencesIn(part.with, within(part.field, 'with'));
    case 'branch':
      return checkCondition(part.when, within(part.field, 'if'));
    case 'map':
      return referencesIn(part.list, within(part.field, 'map'));
    case 'parallel':
      return [];
  }
}

function innerOf(part: WrittenPart): readonly (readonly WrittenPart[])[] {
  switch (part.kind) {
    case 'step':
      return [];
    case 'branch':
      return [part.yes, part.no];
    case 'map':
      return [part.each];
    case 'parallel':
      return part.branches.map(([, parts]) => parts);
  }
}

/** Whether a field stands behind another in the document, or around it. */
function comesAfter(field: string, other: string): boolean {
  const [a, b] = [field.split('.'), other.split('.')];
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i]) continue;
    // Branches stand side by side.
    const [here, there] = [Number(a[i]), Number(b[i])];
    return here > there;
  }
  return true;
}
