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
export type { EventFilter, LeaveOptions, ResumeOptions, Run, Runs, RunsOptions, StartOptions } from './runs.js';
export type { ListRunsOptions, RunPage, RunSummary } from './list-runs.js';
export { createHeir, type Heir, type HeirOptions } from './heir.js';
export { type RunInfo, type RunStatus, runStatuses } from './run-info.js';
export type { Question } from './journal.js';
export { actor } from './actor.js';
export type { Actor, ActorContext, ActorKinds, CallOptions, ExecutingActor, StreamingActor } from './actor.js';
export { type ActorChunk, type ActorEnd, isActorEnd } from './actor-chunk.js';
export { dataStep, outputStep } from './actor-step.js';
export { type ActorOutputOptions, ActorStream } from './actor-stream.js';
export { callStream } from './call.js';
export { type RemoteActor, remoteActor, type RemoteActorOptions } from './remote-actor.js';
export { type AnyActor, serveActors, type ServeActorsOptions } from './worker.js';
export { type WorkflowPayload, workflowPayloads } from './action.js';
export { batchActor, type BatchActorOptions, type BatchItem } from './batch-actor.js';
export { team, type TeamOptions, type TeamOutput } from './team.js';
export {
  type ActionOptions,
  type GivenActionOptions,
  Workflow,
  workflow,
  type WorkflowOptions,
  type WorkflowState,
} from './workflow.js';
export type { Objective, ObjectiveAlert, ObjectiveState } from './objective.js';
export {
  createReliability,
  type Reliability,
  type ReliabilityFigures,
  type ReliabilityOptions,
} from './reliability.js';
export { callbackSubscriber } from './subscriber/callback.js';
export { type MetricsSubscriber, metricsSubscriber, type RunMetrics } from './subscriber/metrics.js';
export type { Subscriber } from './subscriber/subscriber.js';
export {
  type Attachment,
  type AttachOptions,
  createSubscribers,
  type SubscriberEvent,
  type Subscribers,
  type SubscribersOptions,
} from './subscriber/subscribers.js';
export { isNetworkTrouble } from './network-trouble.js';
export type { ProgressItem, ProgressItemOptions, ProgressItemSnapshot, ProgressStatus } from './progress-item.js';
export {
  createProgress,
  type ProgressSnapshot,
  type ProgressTracker,
  type ProgressTrackerOptions,
} from './progress-tracker.js';
export { type ActorView, actorView, type ActorViewOptions } from './actor-view.js';
