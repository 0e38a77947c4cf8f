import { describe, expect, it } from 'vitest';
import { createChunk, encodeChunk, type JsonObject, type JsonValue } from '../../src/chunk/index.js';
import { contextOfChunk, contextOfMetadata, metadataOfContext, traceKey } from '../../src/telemetry/trace-context.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const traceparent = `00-${traceId}-${spanId}-01`;

const encoded = (data: JsonValue, metadata: JsonObject = {}) =>
  encodeChunk(createChunk({ streamId: 's', seq: 0, data, metadata }));

describe('the trace a chunk belongs to', () => {
  it('is written and read as W3C has it', () => {
    const context = contextOfMetadata({ traceparent, tracestate: 'congo=t61rcWkgMzE' });
    expect(context).toMatchObject({ traceId, spanId, traceFlags: 1, isRemote: true });
    expect(metadataOfContext(context!)).toEqual({ traceparent, tracestate: 'congo=t61rcWkgMzE' });
    expect(metadataOfContext({ traceId, spanId, traceFlags: 0 })).toEqual({
      traceparent: `00-${traceId}-${spanId}-00`,
    });
  });

  it.each([
    ['none', {}],
    ['a number', { traceparent: 7 }],
    ['other text', { traceparent: 'hello' }],
    ['a version that is none', { traceparent: `ff-${traceId}-${spanId}-01` }],
    ['a trace of zeros', { traceparent: `00-${'0'.repeat(32)}-${spanId}-01` }],
    ['a span of zeros', { traceparent: `00-${traceId}-${'0'.repeat(16)}-01` }],
    ['capital letters', { traceparent: traceparent.toUpperCase() }],
  ])('is nothing for %s', (_, metadata) => {
    expect(contextOfMetadata(metadata)).toBeUndefined();
    expect(contextOfChunk(encoded('a', metadata))).toBeUndefined();
  });

  it('is read of later versions, and without a state that is too long', () => {
    expect(contextOfMetadata({ traceparent: `01-${traceId}-${spanId}-03-more` })).toMatchObject({ traceFlags: 1 });
    expect(contextOfMetadata({ traceparent: `00-${traceId}-${spanId}-00` })).toMatchObject({ traceFlags: 0 });
    expect(contextOfMetadata({ traceparent, tracestate: `a=${'x'.repeat(600)}` })?.traceState).toBeUndefined();
  });

  it('stands in the metadata of a chunk and nowhere else', () => {
    expect(contextOfChunk(encoded('a', { [traceKey]: traceparent }))).toMatchObject({ traceId, spanId });
    expect(contextOfChunk(encoded({ traceparent, metadata: { traceparent } }))).toBeUndefined();
    expect(contextOfChunk(encoded(`"traceparent":"${traceparent}"`))).toBeUndefined();
  });
});
