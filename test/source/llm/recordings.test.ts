import { describe, expect, it } from 'vitest';
import type { LlmEvent } from '../../../src/source/llm/llm.js';
import { boundaries, eventsOf, type Recording, recordings, saidIn, seeded, sha256, slices } from './reading.js';

const all = recordings();

/** Ways to cut a recording into the pieces a network brings. */
function* cuttings({ bytes }: Recording): Generator<[string, Uint8Array[]]> {
  yield ['whole', [bytes]];
  const random = seeded(bytes.length);
  const most = bytes.length > 1e6 ? 4096 : 48;
  yield ['cut at random', slices(bytes, () => 1 + Math.floor(random() * most))];
  // The large ones in few, so that the suite stays quick: what is in them is in the others, too.
  yield ['byte for byte', slices(bytes, () => (bytes.length > 1e6 ? 997 : 1))];
  const crlf = Buffer.from(bytes.toString('utf8').replaceAll(/\r?\n/g, '\r\n'));
  yield ['with CR LF, cut between the two', cutBehindReturns(crlf)];
  yield ['with CR', [Buffer.from(bytes.toString('utf8').replaceAll(/\r?\n/g, '\r'))]];
}

function cutBehindReturns(bytes: Buffer): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let from = 0; from < bytes.length;) {
    const at = bytes.indexOf(13, from);
    const end = at < 0 ? bytes.length : at + 1;
    parts.push(bytes.subarray(from, end));
    from = end;
  }
  return parts;
}

/** What was expected, in the words of this test. */
function expectSaid({ expected, name }: Recording, events: readonly LlmEvent[]): void {
  const { text, reasoning, tools, files, end } = saidIn(events);
  const texts = Object.values(expected.text).filter(({ utf16 }) => utf16 > 0);
  expect(text.map(sha256)).toEqual(texts.map(({ sha256: sum }) => sum));
  expect(reasoning === '' ? undefined : sha256(reasoning)).toBe(expected.reasoning?.sha256);
  const calls = expected.toolCalls.map(({ id, name: tool, argsSha256 }) => ({ id: id || 'call-0', tool, argsSha256 }));
  expect(tools.map(({ id, name: tool, args }) => ({ id, tool, argsSha256: sha256(args) }))).toEqual(calls);
  const pictures = expected.extra.inlineData ?? [];
  expect(files.map((data) => sha256(Buffer.from(data, 'base64')))).toEqual(pictures.map(({ sha256: sum }) => sum));
  expect(events.filter(({ type }) => type === 'source')).toHaveLength(expected.extra.citations ?? 0);
  if (failing.has(name)) return expect(end).toMatchObject({ type: 'error', trouble: 'provider', ...failing.get(name) });
  const [finish = ''] = expected.finish;
  expect(end).toMatchObject({ type: 'finish', rawFinishReason: finish.replace(/^\d+:/, '') });
  const usage = events.find((event) => event.type === 'usage');
  if (expected.usage === null) expect(usage).toBeUndefined();
  else expect(usage?.usage.raw).toMatchObject(expected.usage);
}

/** Recordings in which the provider fails, and how. */
const failing = new Map<string, object>([
  ['openrouter-comments-midstream-error.sse', { message: 'Token limit reached', status: 400 }],
  ['groq-event-error-midstream.sse', { code: 'tool_use_failed', status: 400 }],
  ['gpustack-qwen3-nonstandard-error-line.sse', { message: expect.stringContaining('failed to decode') as string }],
  ['openai-responses-error-quota.jsonl', { code: 'insufficient_quota', retryable: false }],
  ['gemini-error-midstream-bare-json.sse', { code: 'CANCELLED', status: 499 }],
]);

describe.skipIf(all.length === 0)('recorded answers', () => {
  it('are all there', () => expect(all.length).toBeGreaterThanOrEqual(25));

  it.each(all.map((recording) => [recording.name, recording] as const))('%s says what is expected', async (_, it) => {
    const whole = await eventsOf(it.format, [it.bytes]);
    for (const [how, pieces] of cuttings(it)) {
      const events = how === 'whole' ? whole : await eventsOf(it.format, pieces);
      expectSaid(it, events);
      expect(events, how).toEqual(whole);
    }
  });

  it.each(all.map((recording) => [recording.name, recording] as const))(
    '%s is never taken for finished when it is cut',
    async (_, recording) => {
      const { bytes, format } = recording;
      const whole = await eventsOf(format, [bytes]);
      for (const at of chosen(boundaries(recording), bytes.length)) {
        const events = await eventsOf(format, [bytes.subarray(0, at)]);
        const end = events.at(-1)!;
        if (JSON.stringify(end) === JSON.stringify(whole.at(-1)) && end.type !== 'finish') continue;
        if (format === 'gemini' && saysFinish(bytes.subarray(0, at))) expect(end).toMatchObject({ type: 'finish' });
        // Text that has come is the beginning of what there is, and its end says so.
        else expect({ at, end }).toMatchObject({ at, end: { type: 'error', trouble: 'truncated', retryable: true } });
      }
    },
  );

  it.each(all.map((recording) => [recording.name, recording] as const))(
    '%s is never taken for finished when it is cut anywhere',
    async (_, { bytes, format }) => {
      const random = seeded(bytes.length);
      const finished = (await eventsOf(format, [bytes])).at(-1)!.type === 'finish';
      for (let i = 0; i < (bytes.length > 1e5 ? 4 : 25); i++) {
        // Before the last line, which may be whole without its end.
        const at = Math.floor(random() * bytes.length * 0.95);
        const { type } = (await eventsOf(format, [bytes.subarray(0, at)])).at(-1)!;
        if (format === 'gemini' || !finished) expect(['error', 'finish']).toContain(type);
        else expect({ at, type }).toEqual({ at, type: 'error' });
      }
    },
  );
});

/** All of them in small recordings; in large ones some, the first and the last among them. */
function chosen(places: readonly number[], length: number): readonly number[] {
  if (places.length * length < 80e6) return places;
  const random = seeded(places.length);
  return places.filter((_, i) => i < 10 || i > places.length - 10 || random() < 0.05);
}

/** Gemini has no other mark of the end than a reason in the last event. */
function saysFinish(bytes: Buffer): boolean {
  const last = bytes
    .toString('utf8')
    .trimEnd()
    .split(/\r?\n\r?\n/)
    .at(-1)!;
  return last.includes('"finishReason"');
}
