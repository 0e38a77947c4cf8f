import { css, html, LitElement, nothing } from 'lit';
import { style } from '../components/stream-element.js';

/** @internal Asks for a token. What is typed is a `token` event. */
export class SignIn extends LitElement {
  static override properties = { problem: {}, tried: { type: Boolean } };

  static override styles = [
    style,
    css`
      form {
        display: grid;
        gap: 0.875rem;
        max-width: 26rem;
        margin: clamp(0rem, 9vh, 6rem) auto 0;
        padding: 1.75rem;
        border: 1px solid var(--line);
        border-radius: calc(var(--radius) * 1.5);
        background: var(--paper);
      }
      h2 {
        margin: 0;
        font-size: 1.125rem;
      }
      p {
        margin: 0;
        color: var(--soft);
      }
      .tried {
        color: var(--ill);
      }
      [role='alert'] {
        overflow-wrap: anywhere;
        unicode-bidi: plaintext;
      }
      [role='alert']:empty {
        display: none;
      }
      input {
        width: 100%;
        margin-top: 0.25rem;
        padding: 0.5rem 0.75rem;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--shade);
      }
      button {
        padding: 0.5rem;
        border-color: var(--accent);
        color: var(--accent);
        font-weight: 600;
      }
    `,
  ];

  /** What the server answered. */
  declare problem: string;
  /** Whether that was to a token. */
  declare tried: boolean;

  private submit(event: SubmitEvent): void {
    event.preventDefault();
    const detail = new FormData(event.target as HTMLFormElement).get('token');
    this.dispatchEvent(new CustomEvent('token', { detail }));
  }

  override render() {
    return html`<form @submit=${(event: SubmitEvent) => this.submit(event)}>
      <h2>This server asks who you are</h2>
      <p>This page shows every stream and run there is: it wants a token that is good for that.</p>
      <p role="alert" class=${this.tried ? 'tried' : ''}>
        ${this.problem === '' ? nothing : html`The server says: ${this.problem}`}
      </p>
      <label>Token<input name="token" type="password" autocomplete="current-password" required /></label>
      <button>Go on</button>
    </form>`;
  }
}
