/**
 * AG-UI: runs written as the verifier of `@ag-ui/client` wants them, and read from whoever writes them.
 *
 * @module
 */
export * from './ag-ui-event.js';
export * from './from-ag-ui.js';
export * from './to-ag-ui.js';
export * from './write-ag-ui.js';
