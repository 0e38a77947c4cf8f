import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TextPane } from '../../src/components/text-pane.js';

/** As much of an element as a pane needs. How it looks is tested in a real browser: sluice-tokens. */
class FakeElement {
  readonly texts: string[] = [];
  readonly blocks: FakeElement[] = [];
  parent: FakeElement | undefined;
  scrollTop = 0;
  clientHeight = 100;
  scrollHeight = 100;
  get textContent(): string {
    return this.texts.join('') + this.blocks.map(({ textContent }) => textContent).join('');
  }
  get lastElementChild(): FakeElement | null {
    return this.blocks.at(-1) ?? null;
  }
  get firstElementChild(): FakeElement | null {
    return this.blocks[0] ?? null;
  }
  get childElementCount() {
    return this.blocks.length;
  }
  append(child: string | FakeElement): void {
    if (typeof child === 'string') this.texts.push(child);
    else {
      child.parent = this;
      this.blocks.push(child);
    }
  }
  remove(): void {
    this.parent!.blocks.shift();
  }
  replaceChildren(): void {
    this.blocks.length = 0;
  }
}

describe('TextPane', () => {
  let frames: (() => void)[];
  const frame = () => frames.splice(0).forEach((paint) => paint());

  beforeEach(() => {
    frames = [];
    vi.stubGlobal('requestAnimationFrame', (paint: () => void) => frames.push(paint));
    vi.stubGlobal('cancelAnimationFrame', () => (frames.length = 0));
    vi.stubGlobal('document', { createElement: () => new FakeElement() });
  });
  afterEach(() => void vi.unstubAllGlobals());

  const stage = (keep = 1_000_000) => {
    const element = new FakeElement();
    return { element, pane: new TextPane({ element: element as unknown as HTMLElement, keep }) };
  };

  it('puts on the page once a frame what has come', () => {
    const { element, pane } = stage();
    pane.add('Call me ');
    pane.add('');
    pane.add('Ishmael.');
    expect([frames.length, element.textContent, pane.text]).toEqual([1, '', 'Call me Ishmael.']);
    frame();
    expect([element.textContent, element.blocks[0]!.texts]).toEqual(['Call me Ishmael.', ['Call me Ishmael.']]);
    pane.add(' Some');
    frame();
    expect(element.blocks[0]!.texts).toEqual(['Call me Ishmael.', ' Some']);
  });

  it('puts no more on the page in one frame than is not felt, and cuts within no character', () => {
    const { element, pane } = stage();
    const text = `.${'😀'.repeat(50_000)}`;
    pane.add(text);
    pane.add('end');
    frame();
    expect(element.textContent.length).toBeLessThan(66_000);
    expect(element.textContent.isWellFormed()).toBe(true);
    frame();
    expect([element.textContent, frames.length]).toEqual([`${text}end`, 0]);
  });

  it('follows the end for who is there, and for nobody else', () => {
    const { element, pane } = stage();
    element.scrollHeight = 500;
    element.scrollTop = 390;
    pane.add('x');
    frame();
    expect(element.scrollTop).toBe(500);
    element.scrollTop = 10;
    pane.add('y');
    frame();
    expect(element.scrollTop).toBe(10);
  });

  it('keeps the last blocks, and says how much it has let go', () => {
    const { element, pane } = stage(10_000);
    for (let i = 0; i < 20; i++) {
      pane.add(`${'x'.repeat(1999)}\n`);
      frame();
    }
    expect([element.textContent.length, pane.dropped]).toEqual([10_000, 30_000]);
  });

  it('keeps no more than that either where nothing is painted', () => {
    const { element, pane } = stage(1000);
    pane.add('old');
    frame();
    for (let i = 0; i < 50; i++) pane.add('y'.repeat(100));
    expect([pane.text.length, element.textContent, pane.dropped]).toEqual([1000, '', 4003]);
    frame();
    expect(element.textContent).toBe('y'.repeat(1000));
  });

  it('can be emptied, and stopped', () => {
    const { element, pane } = stage();
    pane.add('one');
    frame();
    pane.add('two');
    pane.clear();
    expect([frames.length, element.textContent, pane.text]).toEqual([0, '', '']);
    pane.add('three');
    pane.stop();
    pane.stop();
    expect(frames).toEqual([]);
  });
});
