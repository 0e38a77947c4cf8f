import { EMPTY, type Observable } from 'rxjs';
import { describe, expectTypeOf, it } from 'vitest';
import { stamp } from '../../operators/index.js';
import type { JsonValue } from '../../src/chunk/index.js';
import { fromAnthropic } from '../../src/source/llm/anthropic.js';
import { endAsEvent, isLlmEnd, type LlmEnd, type LlmEvent, textView, toolInputs } from '../../src/source/llm/llm.js';
import { fromOpenAiChat } from '../../src/source/llm/openai-chat.js';

// The compiler is the test: the run only shows that nothing throws.
describe('types of answers', () => {
  const answer: Observable<LlmEvent> = EMPTY;

  it('are those of all readers', () => {
    expectTypeOf(fromOpenAiChat([])).toEqualTypeOf<typeof answer>();
    expectTypeOf(fromAnthropic([])).toEqualTypeOf<typeof answer>();
  });

  it('know an event by its type', () => {
    answer.subscribe((event) => {
      if (event.type === 'text-delta') expectTypeOf(event.delta).toBeString();
      if (event.type === 'tool-call') expectTypeOf(event.input).toEqualTypeOf<JsonValue>();
      if (isLlmEnd(event)) expectTypeOf(event).toEqualTypeOf<LlmEnd>();
      // @ts-expect-error - not every event has a delta
      void event.delta;
    });
  });

  it('take bytes and items, and nothing that is neither', () => {
    fromAnthropic([new Uint8Array(), 'text']);
    fromAnthropic((signal) => fetch('http://localhost', { signal }));
    fromAnthropic([{ type: 'ping' }]);
    // @ts-expect-error - an item of Anthropic has a type
    fromAnthropic([{ choices: [] }]);
    // @ts-expect-error - a number is no answer
    expectTypeOf(() => fromAnthropic(5)).toBeFunction();
  });

  it('can be published as they are, with their end as an event', () => {
    answer.pipe(endAsEvent(), stamp({ streamId: 'answers/1' }));
    // @ts-expect-error - an error would be lost
    answer.pipe(stamp({ streamId: 'answers/1' }));
  });

  it('are seen as text and as inputs', () => {
    answer.pipe(textView()).subscribe(({ text, progress }) => {
      expectTypeOf(text).toBeString();
      expectTypeOf(progress.fraction).toEqualTypeOf<number | undefined>();
    });
    answer.pipe(toolInputs()).subscribe(({ value }) => {
      expectTypeOf(value).toEqualTypeOf<JsonValue | undefined>();
      // @ts-expect-error - nothing is known of what a model writes
      const city: string = value.city;
      expectTypeOf(city).toBeString();
    });
  });
});
