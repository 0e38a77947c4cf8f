import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type SvgNode, svgElement, svgText } from 'sluice/marble';

const text = (child: string): SvgNode => ({ tag: 'text', attributes: { class: child, x: 1 }, children: [child] });

describe('svgText', () => {
  it('writes elements in elements, a line each', () => {
    const node = {
      tag: 'g',
      attributes: {},
      children: [text('a'), { tag: 'path', attributes: { d: 'M0 0' }, children: [] }],
    };
    expect(svgText(node)).toBe('<g>\n<text class="a" x="1">a</text>\n<path d="M0 0"/>\n</g>');
  });

  it('escapes texts and attributes', () => {
    expect(svgText(text('</text><script>"&'))).toBe(
      '<text class="&lt;/text&gt;&lt;script&gt;&quot;&amp;" x="1">&lt;/text&gt;&lt;script&gt;&quot;&amp;</text>',
    );
  });

  it('replaces what no XML can hold', () => {
    expect(svgText({ tag: 'a', attributes: {}, children: ['x\u0000\u001b\ud800\uffff\ty'] })).toBe(
      '<a>x\ufffd\ufffd\ufffd\ufffd\ty</a>',
    );
  });
});

describe('svgElement', () => {
  class FakeElement {
    readonly attributes: string[] = [];
    readonly children: unknown[] = [];
    constructor(readonly name: string) {}
    setAttribute(name: string, value: string): void {
      this.attributes.push(`${name}=${value}`);
    }
    append(...children: unknown[]): void {
      this.children.push(...children);
    }
  }
  const document = { createElementNS: (space: string, tag: string) => new FakeElement(`${space} ${tag}`) };

  it('makes elements of SVG, whose texts stay texts', () => {
    const node = { tag: 'svg', attributes: { xmlns: 'http://www.w3.org/2000/svg', width: 5 }, children: [text('<b>')] };
    const made = svgElement(node, document as unknown as Document) as unknown as FakeElement;
    expect([made.name, made.attributes]).toEqual(['http://www.w3.org/2000/svg svg', ['width=5']]);
    const [inner] = made.children as [FakeElement];
    expect([inner.attributes, inner.children]).toEqual([['class=<b>', 'x=1'], ['<b>']]);
  });
});

describe('a picture as a file', () => {
  it('is what the pages of the operators show', () => {
    expect(readFileSync(new URL('../../docs/operators/reorder.svg', import.meta.url), 'utf8')).toMatch(
      /^<svg [^]*<\/svg>\n$/,
    );
  });
});
