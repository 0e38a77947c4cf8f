/** The colours of a picture, on light and on dark paper. */
const colours = {
  paper: ['#ffffff', '#0d1117'],
  frame: ['#d8dee4', '#3d444d'],
  ink: ['#1f2328', '#f0f6fc'],
  soft: ['#59636e', '#9198a1'],
  box: ['#f3f5f7', '#1c2128'],
  time: ['#818b98', '#818b98'],
  edge: ['#1f2328', '#c9d1d9'],
  wrong: ['#d1242f', '#ff6b6b'],
  well: ['#1a7f37', '#56d364'],
  f0: ['#ffd8a8', '#8a4b08'],
  f1: ['#a5d8ff', '#1b5e8f'],
  f2: ['#b2f2bb', '#23693a'],
  f3: ['#eebefa', '#7a3590'],
  f4: ['#ffec99', '#6b5600'],
  f5: ['#ffc9c9', '#8c2f39'],
  f6: ['#99e9f2', '#0b6672'],
  f7: ['#d0bfff', '#4f3f9e'],
} as const satisfies Record<string, readonly [light: string, dark: string]>;

type Colour = keyof typeof colours;

/** @internal How many colours items have. */
export const fills = 8;

/** What has which colour, by selector. */
const painted: readonly (readonly [selector: string, property: 'fill' | 'stroke', colour: Colour])[] = [
  ['.paper', 'fill', 'paper'],
  ['.paper', 'stroke', 'frame'],
  ['text', 'fill', 'ink'],
  ['.label', 'fill', 'soft'],
  ['.box', 'fill', 'box'],
  ['.box', 'stroke', 'frame'],
  ['.time', 'stroke', 'time'],
  ['.tip', 'fill', 'time'],
  ['.end', 'stroke', 'ink'],
  ['.cross', 'stroke', 'wrong'],
  ['.item', 'stroke', 'edge'],
  ['.ring', 'stroke', 'edge'],
  ['.strike', 'stroke', 'wrong'],
  ['.mended', 'stroke', 'well'],
  ['.credit', 'fill', 'soft'],
  ['.hole', 'fill', 'paper'],
  ['.hole', 'stroke', 'soft'],
  ...(['f0', 'f1', 'f2', 'f3', 'f4', 'f5', 'f6', 'f7'] as const).map((fill) => [`.${fill}`, 'fill', fill] as const),
];

const mono = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace";

const shapes = `
text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif }
.code { font-family: ${mono}; font-size: 12.5px }
.letter { font-weight: 600; text-anchor: middle; dominant-baseline: central }
.small { font-size: 8.5px; text-anchor: middle; dominant-baseline: central }
.held { font-size: 7px }
.tiny { font-size: 10px; text-anchor: middle }
.time { stroke-width: 1.5; fill: none }
.end { stroke-width: 2.5 }
.cross { stroke-width: 2.5; stroke-linecap: round }
.item { stroke-width: 1.2 }
.ring { stroke-width: 1.2; fill: none; stroke-dasharray: 2 2.5 }
.strike { stroke-width: 2; stroke-linecap: round }
.mended { stroke-width: 2.5; fill: none }
.hole { stroke-width: 1.5; stroke-dasharray: 3.5 3 }
`;

function paint(colour: (name: Colour) => string): string {
  return painted.map(([selector, property, name]) => `${selector} { ${property}: ${colour(name)} }`).join('\n');
}

/** The style of a picture that stands alone: light, and dark where its reader wants that. */
export const pictureStyle = `${shapes}${paint((name) => colours[name][0])}
@media (prefers-color-scheme: dark) {
${paint((name) => colours[name][1])}
}`;

/**
 * The style of pictures within a page, for a style sheet of it: every colour is a custom property, `--sluice-marble-paper` say,
 * and by default goes with the page's `color-scheme`.
 */
export const pageStyle = `${shapes}${paint((name) => {
  const [light, dark] = colours[name];
  return `var(--sluice-marble-${name}, light-dark(${light}, ${dark}))`;
})}`;
