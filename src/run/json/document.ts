/* oxlint-disable unicorn/no-thenable -- a word of pipelines, and a list */
import * as z from 'zod';
import { firstProblem, kindOf } from '../../chunk/index.js';
import type { StreamingOptions } from '../pipeline.js';
import { PipelineError, within } from './pipeline-error.js';

const id = z.string().regex(/^[\w-]{1,64}$/, 'must be 1 to 64 letters, digits, "_" or "-"');
const form = z.enum(['value', 'stream']);
const milliseconds = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);
const steps = z.array(z.unknown());
const action = z.strictObject({ type: z.string(), with: z.record(z.string(), z.unknown()).optional() });

const shapes = {
  type: z.strictObject({
    id,
    ...action.shape,
    input: form.optional(),
    output: form.optional(),
    streaming: z.boolean().optional(),
    publish: z.boolean().optional(),
    retry: z
      .strictObject({
        attempts: z.int().min(1),
        delay_ms: milliseconds.optional(),
        max_delay_ms: milliseconds.optional(),
      })
      .optional(),
    timeout_ms: milliseconds.min(1).optional(),
    max_output_bytes: z.int().min(1).optional(),
    compensate: action.optional(),
  }),
  parallel: z.strictObject({ id, parallel: z.record(z.string(), steps) }),
  if: z.strictObject({ id, if: z.unknown(), then: steps, else: steps.optional() }),
  map: z.strictObject({ id, map: z.unknown(), steps, concurrency: z.int().min(1).max(10_000).optional() }),
} as const;

const root = z.strictObject({
  name: id,
  description: z.string().optional(),
  streaming: z
    .strictObject({
      enabled: z.boolean().optional(),
      emit_progress: z.boolean().optional(),
      buffer_size: z.int().min(1).optional(),
      flush_interval_ms: milliseconds.optional(),
    })
    .optional(),
  steps,
});

/** @internal What is done, with which parameters. */
export type Action = z.output<typeof action>;

/** @internal A step as it is written. */
export type WrittenStep = z.output<typeof shapes.type> & { readonly kind: 'step'; readonly field: string };

/** @internal A part of a pipeline as it is written, checked but for its references; `field` is where it is. */
export type WrittenPart =
  | WrittenStep
  | {
      readonly kind: 'parallel';
      readonly id: string;
      readonly field: string;
      readonly branches: readonly (readonly [key: string, parts: readonly WrittenPart[]])[];
    }
  | {
      readonly kind: 'branch';
      readonly id: string;
      readonly field: string;
      readonly when: unknown;
      readonly yes: readonly WrittenPart[];
      readonly no: readonly WrittenPart[];
    }
  | {
      readonly kind: 'map';
      readonly id: string;
      readonly field: string;
      readonly list: unknown;
      readonly each: readonly WrittenPart[];
      readonly concurrency: number;
    };

/** @internal A pipeline as it is written. */
export interface WrittenPipeline {
  readonly name: string;
  readonly streaming: StreamingOptions;
  readonly parts: readonly WrittenPart[];
}

/** Deeper than anybody writes. */
const maxDepth = 32;

/** @internal Checks the fields of a pipeline. @throws {@link PipelineError} naming the first that is wrong */
export function parseDocument(value: unknown): WrittenPipeline {
  const { name, streaming = {}, steps: written } = parsed(root, value, '');
  return {
    name,
    streaming: {
      ...(streaming.enabled === undefined ? {} : { enabled: streaming.enabled }),
      ...(streaming.emit_progress === undefined ? {} : { emitProgress: streaming.emit_progress }),
      ...(streaming.buffer_size === undefined ? {} : { bufferSize: streaming.buffer_size }),
      ...(streaming.flush_interval_ms === undefined ? {} : { flushIntervalMs: streaming.flush_interval_ms }),
    },
    parts: partsOf(written, 'steps', 0),
  };
}

function parsed<S extends z.ZodType>(schema: S, value: unknown, field: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { field: inner = '', message } = firstProblem(result.error, value);
  throw new PipelineError('field-invalid', within(field, inner), message, result.error);
}

function partsOf(written: readonly unknown[], field: string, depth: number): WrittenPart[] {
  if (depth > maxDepth) throw new PipelineError('field-invalid', field, `is nested deeper than ${maxDepth}`);
  return written.map((part, i) => partOf(part, within(field, i), depth));
}

function partOf(written: unknown, field: string, depth: number): WrittenPart {
  const inner = (parts: readonly unknown[], ...keys: string[]): WrittenPart[] =>
    partsOf(parts, within(field, ...keys), depth + 1);
  switch (kindOfPart(written, field)) {
    case 'type':
      return { kind: 'step', field, ...parsed(shapes.type, written, field) };
    case 'parallel': {
      const { id: partId, parallel } = parsed(shapes.parallel, written, field);
      const branches = Object.entries(parallel).map(([key, parts]) => {
        return [parsed(id, key, within(field, 'parallel', key)), inner(parts, 'parallel', key)] as const;
      });
      return { kind: 'parallel', id: partId, field, branches };
    }
    case 'if': {
      const { id: partId, if: when, then, else: otherwise = [] } = parsed(shapes.if, written, field);
      return { kind: 'branch', id: partId, field, when, yes: inner(then, 'then'), no: inner(otherwise, 'else') };
    }
    case 'map': {
      const { id: partId, map: list, steps: each, concurrency = 4 } = parsed(shapes.map, written, field);
      return { kind: 'map', id: partId, field, list, each: inner(each, 'steps'), concurrency };
    }
  }
}

const kinds = ['type', 'parallel', 'if', 'map'] as const;

function kindOfPart(written: unknown, field: string): (typeof kinds)[number] {
  if (typeof written !== 'object' || written === null || Array.isArray(written)) {
    throw new PipelineError('field-invalid', field, `a step must be an object, got ${kindOf(written)}`);
  }
  const found = kinds.filter((kind) => Object.hasOwn(written, kind));
  if (found.length === 1) return found[0]!;
  throw new PipelineError('field-invalid', field, `a step must have one of ${kinds.join(', ')}`);
}
