export { createRunEvents, finalEvents, runEventKinds, runEvents } from './event.js';
export type { RunEvent, RunEventOf, RunEvents, RunEventType } from './event.js';
export { Pipeline, pipeline, type PipelineOptions, type StreamingOptions } from './pipeline.js';
export type { RunSink } from './recorder.js';
export { runPipeline, type RunPipelineOptions } from './run-pipeline.js';
export type {
  Form,
  OutputOf,
  RetryOptions,
  StepContext,
  StepFunction,
  StepOptions,
  StreamOf,
  ValueOf,
  WaitOptions,
} from './step.js';
export { type Assembly, type Streamed, StreamInput, type StreamLike } from './streamed.js';
export type { AnswerOptions } from './inbox.js';
export { createRuns } from './runs.js';
export type { EventFilter, Run, Runs, RunsOptions, StartOptions } from './runs.js';
export type { RunInfo } from './run-info.js';
export type { Question } from './journal.js';
