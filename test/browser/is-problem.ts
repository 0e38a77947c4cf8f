import type { ConsoleMessage } from 'playwright-core';

/** What Chromium says of a page that is left, or shows something else, before it was connected: nothing is wrong with that. */
const leftEarly = /WebSocket is closed before the connection is established/;

/** Whether what stands on the console tells that something is wrong with a page. */
export function isProblem(message: ConsoleMessage): boolean {
  return (message.type() === 'error' || message.type() === 'warning') && !leftEarly.test(message.text());
}
