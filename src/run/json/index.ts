/**
 * Pipelines that are written down in JSON.
 *
 * @module
 */
export { PipelineError, type PipelineProblem } from './pipeline-error.js';
export { pipelineFromJson, type PipelineFromJsonOptions } from './pipeline-from-json.js';
export { createStepTypes, type StepType, type StepTypes } from './step-types.js';
