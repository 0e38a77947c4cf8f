import { css, html, nothing, type PropertyValues, type TemplateResult, unsafeCSS } from 'lit';
import type { Chunk } from '../chunk/index.js';
import { type Client, createClient, type ReceiveOptions } from '../client/index.js';
import {
  createRecording,
  drawMarbles,
  type MarbleEvent,
  type Marbles,
  marblesOf,
  pageStyle,
  readMarbles,
  type Recording,
  type SvgNode,
  svgElement,
  svgText,
  writeMarbles,
} from '../marble/index.js';
import { createRoughTransport } from '../transport/rough.js';
import { createWebSocketTransport } from '../transport/websocket/client.js';
import { stateWords, StreamElement, style } from './stream-element.js';
import { recordReading } from './record-reading.js';
import { tapTransport } from './tap-transport.js';

/** Events that are drawn at most, and at least. The recording holds as many as a test may want. */
const [mostDrawn, leastDrawn] = [96, 8];
/** Between two pictures: more of them are not seen, and a busy stream would make it hundreds a second. */
const pictureMs = 100;

/** What a rough link does to what the server sends. */
const faults = { toClient: { loss: 0.06, duplication: 0.08, reordering: 0.15, reorderMs: [5, 60] as const } };

/**
 * `<sluice-marbles>`: what a reader of a stream sees, live, as marbles on two lines: what arrived above what was delivered. Early
 * chunks, duplicates, repairs, gaps and credit each have a shape of their own. With `marbles` it draws marble strings instead.
 *
 * It begins with what comes next. Attributes: `src`, `stream`, `rough` (reads over a link that loses, repeats and reorders on
 * purpose), `paused`, `marbles` (a line for each line), `label`, `operator`. Properties: `token`, `marbleText`, `svg`. Events:
 * `sluice-state`, `sluice-end`. Parts: `bar`, `picture`. Colours: `--sluice-marble-paper` and its kind.
 *
 * @example
 * <sluice-marbles stream="answers/1"></sluice-marbles>
 */
export class SluiceMarbles extends StreamElement {
  static override properties = {
    ...StreamElement.properties,
    stream: {},
    rough: { type: Boolean },
    paused: { type: Boolean, reflect: true },
    marbles: {},
    label: {},
    operator: {},
  };

  static override styles = [
    style,
    unsafeCSS(pageStyle),
    css`
      .bar {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.5rem;
        margin-bottom: 0.5rem;
        font-size: 0.8125rem;
      }
      .bar p {
        flex: 1;
        margin: 0;
        color: var(--soft);
      }
      .picture {
        overflow-x: auto;
        min-height: 9rem;
        color: var(--soft);
        font-size: 0.875rem;
      }
      .picture svg {
        display: block;
      }
      .picture:not(:has(svg)) {
        display: grid;
        place-items: center;
        padding: 1rem;
        border: 1px dashed var(--line);
        border-radius: var(--radius);
      }
    `,
  ];

  /** The stream to read. */
  declare stream: string;
  /** Reads over a link that loses, repeats and reorders on purpose. */
  declare rough: boolean;
  /** Stops the picture, not the reading. */
  declare paused: boolean;
  /** Marble strings to draw instead of a stream, a line for each. */
  declare marbles: string;
  /** What the picture is called. */
  declare label: string;
  /** The operator whose call stands in a box. */
  declare operator: string;

  private recording: Recording = createRecording();
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** What is shown, and saved, while the picture stands still. */
  private held: readonly MarbleEvent[] | undefined;
  private drawn: number = mostDrawn;
  private done = '';

  constructor() {
    super();
    this.stream = '';
    this.rough = false;
    this.paused = false;
    this.marbles = '';
    this.label = '';
    this.operator = '';
  }

  /** The picture as marble strings, which `readMarbles`, RxJS and `marbles` of `sluice/testing` read. */
  get marbleText(): string {
    return writeMarbles(this.picture(true)).texts.join('\n');
  }

  /** The picture as a file that stands alone. */
  get svg(): string {
    return svgText(this.draw(this.picture(false), true));
  }

  protected override get wanted(): string | undefined {
    return this.marbles === '' && this.stream !== '' ? this.stream : undefined;
  }

  protected override get turning(): readonly string[] {
    return ['stream', 'rough', 'marbles'];
  }

  protected override get receiving(): ReceiveOptions {
    return { from: 'now', window: { chunks: 64, bytes: 1 << 20 }, onGap: 'skip' };
  }

  protected override makeClient(): { readonly client: Client; readonly done: () => void } {
    const listener = recordReading(this.recording, this.stream, () => performance.now());
    const socket = createWebSocketTransport({ url: this.server });
    const link = this.rough ? createRoughTransport({ transport: socket, faults }) : socket;
    const client = createClient({
      transport: tapTransport(link, {
        received: (frame) => {
          listener.received(frame);
          this.soon();
        },
        sent: (frame) => listener.sent(frame),
      }),
      gapMs: 40,
      // What is said at the beginning may be lost, too: nobody wants to wait ten seconds for marbles.
      ...(this.rough ? { connectMs: 1000, retryMs: 300 } : {}),
      ...(this.token === '' ? {} : { token: () => this.token }),
      probe: (event) => {
        if (event.type === 'gap') this.recording.gave(event.from, event.to, performance.now());
      },
    });
    return { client, done: () => client.close() };
  }

  protected override begun(): void {
    this.recording = createRecording();
    this.held = undefined;
    this.soon();
  }

  protected override took({ seq }: Chunk): void {
    this.recording.delivered(seq, performance.now());
    this.soon();
  }

  protected override ended(): void {
    this.recording.ended(this.state === 'completed', performance.now());
    this.soon();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    if (changed.has('paused')) this.held = this.paused ? [...this.recording.events] : undefined;
    if (!this.paused) this.soon();
  }

  private soon(): void {
    if (this.paused || !this.isConnected) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      if (!this.paused) this.show();
    }, pictureMs);
  }

  private show(): void {
    const place = this.renderRoot.querySelector<HTMLElement>('.picture');
    if (place === null) return;
    try {
      if (this.isEmpty) place.textContent = 'The next chunk is the first to be drawn.';
      else place.replaceChildren(svgElement(this.fitting(Math.floor(place.clientWidth))));
    } catch (error) {
      // Marbles that are none are the page's own words.
      place.textContent = (error as Error).message;
    }
    place.scrollLeft = place.scrollWidth;
  }

  /** Nothing but credit so far. */
  private get isEmpty(): boolean {
    return this.marbles === '' && (this.held ?? this.recording.events).every(({ type }) => type === 'credit');
  }

  /** As much of the latest as there is room for. */
  private fitting(room: number): SvgNode {
    // Where there was room for so many before, there may be for a few more.
    let count = Math.min(mostDrawn, Math.ceil(this.drawn * 1.25));
    let picture = this.draw(this.picture(false, count), false, room);
    // What a few events more or less take is not known before they are drawn.
    while (this.marbles === '' && count > leastDrawn && Number(picture.attributes['width']) > room) {
      count = Math.max(leastDrawn, Math.floor(count * 0.8));
      picture = this.draw(this.picture(false, count), false, room);
    }
    this.drawn = count;
    return picture;
  }

  private picture(exact: boolean, count = mostDrawn): Marbles {
    if (this.marbles !== '') return readMarbles(this.marbles.split('\n').filter((line) => line.trim() !== ''));
    const events = this.held ?? this.recording.events;
    return exact ? marblesOf(events) : marblesOf(events.slice(-count), { spread: false });
  }

  private draw(marbles: Marbles, standalone: boolean, minWidth = 0): SvgNode {
    const title = this.label || (this.stream === '' ? 'Marble diagram' : `Marble diagram of ${this.stream}`);
    const operator = this.operator === '' ? {} : { operator: this.operator };
    const live = this.marbles === '';
    const shown = live && !standalone ? { ...marbles, notes: [] } : marbles;
    return drawMarbles(shown, { title, standalone, ...operator, ...(live ? { longPause: 1, minWidth } : {}) });
  }

  private async copy(): Promise<void> {
    const text = this.marbleText;
    try {
      await navigator.clipboard.writeText(text);
      this.done = 'Copied.';
    } catch {
      // Some pages may not write to the clipboard.
      saveFile('marbles.txt', 'text/plain', text);
      this.done = 'Saved as marbles.txt.';
    }
    this.requestUpdate();
  }

  override render(): TemplateResult {
    return html`${this.marbles === '' ? this.bar() : nothing}
      <div class="picture" part="picture" tabindex="0" role="group" aria-label=${this.label || 'marbles'}></div>`;
  }

  private bar() {
    const words = stateWords[this.state] + (this.problem === '' ? '' : `: ${this.problem}`);
    return html`<div class="bar" part="bar">
      <p role="status">${this.paused ? 'paused' : words} ${this.done}</p>
      <button type="button" aria-pressed=${this.paused} @click=${() => (this.paused = !this.paused)}>
        ${this.paused ? 'Go on' : 'Pause'}
      </button>
      <button type="button" @click=${() => saveFile('marbles.svg', 'image/svg+xml', this.svg)}>Save as SVG</button>
      <button type="button" @click=${() => void this.copy()}>Copy as marbles</button>
    </div>`;
  }
}

/** Gives a text to whoever looks at the page, as a file. */
function saveFile(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
