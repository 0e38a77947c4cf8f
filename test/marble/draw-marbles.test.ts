import { describe, expect, it } from 'vitest';
import { drawMarbles, type Marble, readMarbles, svgText } from 'sluice/marble';

function draw(...texts: string[]): string {
  return svgText(drawMarbles(readMarbles(texts), { title: 'Pictures of pace', operator: 'pace' }));
}

/** Where things of a class stand, in order: `letter` by its text, others by their path. */
function found(svg: string, kind: string): { x: number; y: number; text: string }[] {
  const letters = svg.matchAll(new RegExp(`<text class="${kind}" x="([\\d.]+)" y="([\\d.]+)"[^>]*>(.*?)</text>`, 'g'));
  return Array.from(letters, ([, x, y, text = '']) => ({ x: Number(x), y: Number(y), text }));
}

describe('drawMarbles', () => {
  it('puts what happens in the same frame below each other, later things further right', () => {
    const letters = found(draw('source  -a-b-|', 'pace()  ---a-(b|)'), 'letter');
    expect(letters.map(({ text }) => text).join('')).toBe('abab');
    const [a, b, late, last] = letters;
    expect(b!.x).toBe(late!.x);
    expect(b!.x - a!.x).toBe(last!.x - late!.x);
    expect(late!.y).toBeGreaterThan(b!.y);
  });

  it('piles up a group, the first on top', () => {
    const [a, b, c] = found(draw('pace()  -(ab)-c|'), 'letter');
    expect([a!.x, a!.y < b!.y]).toEqual([b!.x, true]);
    expect(c!.y).toBe((a!.y + b!.y) / 2);
  });

  it('is as wide as is wanted, and lines that go on do so to its edge', () => {
    const wide = (minWidth: number) => drawMarbles(readMarbles(['a  -x-', 'b  -x|']), { title: 'Wide', minWidth });
    const tips = (minWidth: number) =>
      [...svgText(wide(minWidth)).matchAll(/class="tip" d="M([\d.]+)/g)].map(([, x]) => x);
    expect([wide(800).attributes['width'], wide(10).attributes['width']]).toEqual([800, 360]);
    // One of the two is over, and has no tip.
    expect(tips(800)).toEqual(['770']);
    expect(Number(tips(10)[0])).toBeLessThan(200);
  });

  it('names the lines, and frames the call', () => {
    const svg = draw('source  -a|', 'pace()  -a|', 'events  -x|');
    expect(found(svg, 'label').map(({ text }) => text)).toEqual(['source', 'result', 'events']);
    expect(found(svg, 'code').map(({ text }) => text)).toEqual(['pace()']);
  });

  it('draws a bar for a completion, a cross for an error, and a tip where neither comes', () => {
    const count = (svg: string) => ['end', 'cross', 'tip'].map((kind) => svg.split(`<path class="${kind}"`).length - 1);
    expect(count(draw('source  -a-|'))).toEqual([1, 0, 0]);
    expect(count(draw('source  -(a|)'))).toEqual([1, 0, 0]);
    expect(count(draw('source  -a-#'))).toEqual([0, 1, 0]);
    expect(count(draw('source  -a--'))).toEqual([0, 0, 1]);
  });

  it('begins a line later that was subscribed later', () => {
    const starts = Array.from(
      draw('source  -a-b|', 'reader    -b|').matchAll(/class="time" d="M([\d.]+)/g),
      ([, x]) => +x!,
    );
    expect(starts[1]! - starts[0]!).toBe(60);
  });

  it('says which line its words are about, where that is not plain', () => {
    const svg = draw('source  -a|   at once', 'pace()  -a|   slowly', 'events  -x|   never  x: yes');
    expect(found(svg, 'label').map(({ text }) => text)).toEqual(
      expect.arrayContaining(['at once', 'slowly', 'events: never', 'yes']),
    );
  });

  it('draws what is missing as a hole, in the picture and in its words', () => {
    const svg = draw('pace()  -G-O-a|   O: b is missing  a: not');
    expect(svg.split('<circle class="hole"')).toHaveLength(4);
    expect(svg.split('<circle class="item')).toHaveLength(3);
  });

  it('gives a letter one colour wherever it stands', () => {
    const fills = Array.from(draw('source  a-b|', 'pace()  b-a|').matchAll(/item (f\d)/g), ([, fill]) => fill);
    expect(fills).toEqual(['f0', 'f1', 'f1', 'f0']);
  });

  it('has room for every word', () => {
    const svg = draw(`pace(${'x'.repeat(80)})  -a|   ${Array.from({ length: 9 }, (_, i) => `${i}: words`).join('  ')}`);
    const width = Number(/width="(\d+)"/.exec(svg)?.[1]);
    expect(width).toBeGreaterThan(80 * 7);
    for (const { x, text } of found(svg, 'label')) expect(x + text.length * 6).toBeLessThan(width);
  });

  it('escapes text', () => {
    expect(draw('pace(a < b && \'c\')  -x|   x: <b> & "c"')).toContain("pace(a &lt; b &amp;&amp; 'c')");
  });

  it('is readable on light and on dark paper', () => {
    expect(draw('source  -a|')).toContain('@media (prefers-color-scheme: dark)');
  });

  it('says what it is and what is on it to those who do not see it', () => {
    const svg = draw('source  -a|');
    expect(svg).toContain('role="img" aria-label="Pictures of pace"');
    expect(svg).toContain('<title>Pictures of pace</title>');
    expect(svg).toContain('<desc>source: a at 1, the end at 2.</desc>');
  });

  it('leaves its style to a page that has one, and draws no notes for who wants none', () => {
    const marbles = readMarbles(['source  -a|   a: one']);
    const svg = svgText(drawMarbles(marbles, { title: 't', standalone: false, notes: false }));
    expect(svg).not.toContain('<style');
    expect(svg).not.toContain('one');
  });

  it('draws a long silence as a pause that says how long it was', () => {
    const svg = draw('source  -a 300ms b 2s c|');
    expect(found(svg, 'label tiny').map(({ text }) => text)).toEqual(['300 ms', '2.0 s']);
    expect(Number(/width="(\d+)"/.exec(svg)?.[1])).toBeLessThan(600);
  });

  const line = (marbles: readonly Marble[]) => ({ label: 'arrived', from: 0, to: 3, moments: [{ at: 1, marbles }] });
  const drawn = (marbles: readonly Marble[], maxPile?: number) =>
    svgText(
      drawMarbles(
        { lines: [line(marbles)], notes: [] },
        { title: 't', standalone: false, ...(maxPile === undefined ? {} : { maxPile }) },
      ),
    );

  it.each([
    ['early', '<circle class="ring"', 'came early, held'],
    ['duplicate', '<path class="strike"', 'came again, dropped'],
    ['repaired', '<rect class="item mended', 'asked for again, came'],
  ] as const)('tells a marble that is %s by its shape, and says what that means', (kind, shape, words) => {
    const svg = drawn([{ letter: 'a', kind, label: '7' }]);
    expect(svg.split(shape)).toHaveLength(3);
    expect(svg).toContain(`>${words}<`);
    expect(drawn([{ letter: 'a', kind: 'item', label: '7' }])).not.toContain(shape);
  });

  it('draws credit below the line, with how much it was', () => {
    const svg = drawn([{ letter: '', kind: 'credit', label: '+64' }]);
    expect(svg).toContain('class="credit"');
    expect(svg).toContain('>+64</text>');
  });

  it('draws of a high pile the first, and says how many more there are', () => {
    const pile = Array.from('abcdefgh', (letter) => ({ letter, kind: 'item' }) as const);
    expect(found(drawn(pile), 'letter').map(({ text }) => text)).toEqual([...'abcde']);
    expect(found(drawn(pile), 'small').map(({ text }) => text)).toEqual(['+3']);
    expect(found(drawn(pile, 3), 'small').map(({ text }) => text)).toEqual(['+6']);
  });

  it('writes a long label small', () => {
    expect(found(drawn([{ letter: 'a', kind: 'item', label: '1234' }]), 'small')[0]!.text).toBe('1234');
  });

  it('writes of a number with five digits the end', () => {
    expect(drawn([{ letter: 'a', kind: 'item', label: '12345' }])).toContain('>…345<');
    expect(drawn([{ letter: 'a', kind: 'early', label: '1234' }])).toContain('<text class="small held"');
  });

  it('draws nothing at all as an empty picture', () => {
    expect(svgText(drawMarbles({ lines: [], notes: [] }, { title: 'Nothing' }))).toContain('<title>Nothing</title>');
  });
});
