import { css, html, nothing, type TemplateResult } from 'lit';
import { type Chunk, type JoinPosition, parseJoinPosition } from '../chunk/index.js';
import type { ReceiveOptions } from '../client/index.js';
import { chunkText } from './chunk-text.js';
import { stateWords, StreamElement, style } from './stream-element.js';
import { TextPane } from './text-pane.js';

/** Most characters that are shown. */
const defaultKeep = 1_000_000;

/**
 * `<sluice-tokens>`: shows a stream's text while it is produced, whatever happens to the connection. It follows the end while that
 * is in view, keeps the last `keep` characters, and lays out only what is seen.
 *
 * Attributes: `src` (the server; default that of the page), `stream`, `from` (`beginning`, `now`, `snapshot` or a number; default
 * `snapshot`), `keep`, `label`, `bare` (no line that says how it stands). Properties: `client`, `text`, `state`. Events:
 * `sluice-state`, `sluice-end`. Parts: `state`, `text`. Colours and fonts: `--sluice-ink`, `--sluice-paper`, `--sluice-line`,
 * `--sluice-font` and their kind, `--sluice-text-font`, `--sluice-data-font` and `--sluice-text-height`.
 *
 * @example
 * <sluice-tokens src="https://streams.example" stream="answers/1"></sluice-tokens>
 */
export class SluiceTokens extends StreamElement {
  static override properties = {
    ...StreamElement.properties,
    stream: {},
    from: {},
    keep: { type: Number },
    label: {},
    bare: { type: Boolean },
    isData: { state: true },
  };

  static override styles = [
    style,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-height: 0;
      }
      .state {
        margin: 0 0 0.5rem;
        color: var(--soft);
        font-size: 0.8125rem;
      }
      :host([state='live']) .state b {
        color: var(--well);
      }
      :host([state='failed']) .state b,
      :host([state='reconnecting']) .state b {
        color: var(--ill);
      }
      .text {
        flex: 1;
        max-height: var(--sluice-text-height, 60vh);
        min-height: 3rem;
        overflow-y: auto;
        padding: 1rem 1.25rem;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--paper);
        font: var(--sluice-text-font, 1.0625rem/1.65 Charter, 'Iowan Old Style', Georgia, 'Times New Roman', serif);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      .text.data {
        font: var(--sluice-data-font, 0.8125rem/1.6 var(--mono));
      }
      .text:empty::before {
        content: 'Nothing yet.';
        color: var(--soft);
      }
      :host([state='completed']) .text:empty::before {
        content: 'It holds nothing.';
      }
      /* What turns the writing round in one block turns nothing else. */
      .text > div {
        unicode-bidi: plaintext;
        content-visibility: auto;
        contain-intrinsic-height: auto 20lh;
      }
      .text > div:last-child {
        content-visibility: visible;
      }
    `,
  ];

  /** The stream to show. */
  declare stream: string;
  /** Where to begin. Default `snapshot`: what there is comes in one piece. */
  declare from: string;
  /** Most characters that are shown. Default 1 000 000. */
  declare keep: number;
  /** What the text is called, for those who do not see it. Default: the stream's name. */
  declare label: string;
  /** Leaves out the line that says how the reading stands. */
  declare bare: boolean;
  /** It begins with what is no text. */
  declare private isData: boolean;

  private pane: TextPane | undefined;
  private isNew = true;

  constructor() {
    super();
    this.stream = '';
    this.from = 'snapshot';
    this.keep = defaultKeep;
    this.label = '';
    this.bare = false;
    this.isData = false;
  }

  /** What is shown, and what is about to be. */
  get text(): string {
    return this.pane?.text ?? '';
  }

  protected override get wanted(): string | undefined {
    return this.stream || undefined;
  }

  protected override get turning(): readonly string[] {
    return ['stream', 'from'];
  }

  protected override get receiving(): ReceiveOptions {
    const from: JoinPosition = parseJoinPosition(this.from) ?? 'snapshot';
    return { from, onGap: 'skip' };
  }

  protected override begun(): void {
    this.pane?.clear();
    this.isData = false;
    this.isNew = true;
  }

  protected override took(chunk: Chunk): void {
    if (this.isNew) this.isData = chunk.type !== 'text';
    this.isNew = false;
    this.pane!.add(chunkText(chunk));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.pane?.stop();
  }

  protected override firstUpdated(): void {
    const element = this.renderRoot.querySelector<HTMLElement>('.text')!;
    this.pane = new TextPane({ element, keep: this.keep > 0 ? this.keep : defaultKeep });
  }

  override render(): TemplateResult {
    const words = stateWords[this.state] + (this.problem === '' ? '' : `: ${this.problem}`);
    return html`${this.bare ? nothing : html`<p class="state" part="state" role="status"><b>${words}</b></p>`}
      <div
        class="text ${this.isData ? 'data' : ''}"
        part="text"
        tabindex="0"
        role="region"
        aria-label=${this.label || this.stream || 'text'}
      ></div>`;
  }
}
