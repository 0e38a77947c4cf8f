import { describe } from 'vitest';
import { clientShapes } from '../../src/protocol/client-shapes.js';
import { clientFrames } from '../../src/protocol/frame-schemas.js';
import { anyClientFrame, fromClient } from './samples.js';
import { shapeLaws } from './shape-laws.js';

describe('clientShapes', () => shapeLaws(clientShapes, clientFrames, fromClient, anyClientFrame));
