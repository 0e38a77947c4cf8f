/**
 * Marble diagrams: read from marble strings or recorded from a reader, drawn as SVG, written as marble strings again.
 *
 * @module
 */
export { pageStyle, pictureStyle } from './colours.js';
export { describeMarbles } from './describe-marbles.js';
export { drawMarbles, type DrawMarblesOptions } from './draw-marbles.js';
export type { Marble, MarbleKind, MarbleLine, MarbleNote, Marbles, Moment } from './marbles.js';
export { readMarbles, type ReadMarblesOptions } from './read-marbles.js';
export {
  createRecording,
  type MarbleEvent,
  marblesOf,
  type MarblesOfOptions,
  type Recording,
  type RecordingOptions,
} from './recording.js';
export { svgElement, type SvgNode, svgText } from './svg.js';
export { type WrittenMarbles, writeMarbles } from './write-marbles.js';
