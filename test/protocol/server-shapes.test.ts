import { describe } from 'vitest';
import { serverShapes } from '../../src/protocol/server-shapes.js';
import { serverFrames } from '../../src/protocol/frame-schemas.js';
import { anyServerFrame, fromServer } from './samples.js';
import { shapeLaws } from './shape-laws.js';

describe('serverShapes', () => shapeLaws(serverShapes, serverFrames, fromServer, anyServerFrame));
