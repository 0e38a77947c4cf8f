import { readFile } from 'node:fs/promises';
import { importModule } from '../node/import-module.js';
import type { AnyActor } from '../run/index.js';
import { createStepTypes, pipelineFromJson, type StepTypes } from '../run/json/index.js';
import type { Pipeline } from '../run/pipeline.js';

/** A pipeline, whatever it takes. */
export type AnyPipeline = Pipeline<never, unknown, unknown>;

/** What a user's files say: pipelines, and what their steps work with. */
export interface Loaded {
  readonly pipelines: readonly AnyPipeline[];
  readonly services: unknown;
}

/**
 * Loads pipelines: those that a module exports, or the one that is written in a file of JSON or YAML. The steps of the latter may be of
 * the `types` that the module beside it exports. Either module may export `services`.
 */
export async function loadPipelines(file: string, modulePath?: string): Promise<Loaded> {
  const beside = modulePath === undefined ? {} : await importModule(modulePath);
  if (!/\.(?:json|ya?ml)$/i.test(file)) {
    const exported = await importModule(file);
    const pipelines = Object.values(exported).flatMap(listed).filter(isPipeline);
    if (pipelines.length === 0) throw new TypeError(`${file} exports no pipeline`);
    return { pipelines: [...new Set(pipelines)], services: servicesOf({ ...beside, ...exported }) };
  }
  const types = (beside['types'] as StepTypes | undefined) ?? createStepTypes();
  const text = await readFile(file, 'utf8');
  const read = /\.json$/i.test(file) ? pipelineFromJson : (await import('../run/yaml.js')).pipelineFromYaml;
  return { pipelines: [read(text, { types }) as AnyPipeline], services: servicesOf(beside) };
}

/** Of several pipelines the one that is meant. @throws RangeError naming those there are */
export function choose<T extends { readonly name: string }>(what: string, all: readonly T[], name?: string): T {
  const [only, ...more] = name === undefined ? all : all.filter((one) => one.name === name);
  if (only !== undefined && more.length === 0) return only;
  const known = all.map((one) => one.name).join(', ');
  if (only === undefined) throw new RangeError(`there is no ${what} "${name}", only ${known}`);
  throw new RangeError(`there are several ${what}s, name one: ${known}`);
}

/** Loads the actors that a module exports, one by one or in a list. */
export async function loadActors(file: string): Promise<readonly AnyActor[]> {
  const actors = Object.values(await importModule(file))
    .flatMap(listed)
    .filter(isActor);
  if (actors.length === 0) throw new TypeError(`${file} exports no actor`);
  return [...new Set(actors)];
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

// By their shape: a module may have a copy of this package of its own.

function isPipeline(value: unknown): value is AnyPipeline {
  const { name, definition } = Object(value) as Partial<AnyPipeline>;
  return typeof name === 'string' && typeof definition === 'object';
}

function isActor(value: unknown): value is AnyActor {
  const { name, stream, execute } = Object(value) as Partial<AnyActor>;
  return typeof name === 'string' && typeof stream === 'function' && typeof execute === 'function';
}

function servicesOf({ services }: Readonly<Record<string, unknown>>): object | undefined {
  return typeof services === 'object' && services !== null ? services : undefined;
}
