import type { Setting } from '../../src/node/config/index.js';

const begin = '<!-- settings: written by `npm run docs` from src/node/config/config-schema.ts -->';
const end = '<!-- /settings -->';

/** A page with its table of settings made anew. */
export function writeSettings(page: string, settings: readonly Setting[]): string {
  const [before, after] = [page.indexOf(begin), page.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`the page must hold ${begin} and, behind it, ${end}`);
  return `${page.slice(0, before)}${begin}\n\n${tableOf(settings)}\n\n${page.slice(after)}`;
}

function tableOf(settings: readonly Setting[]): string {
  const head = ['setting', 'default', 'may be', 'what it is for'];
  const rows = settings.map((setting) => [
    `\`${setting.name}\``,
    defaultOf(setting),
    setting.values,
    `${setting.description}${setting.secret === undefined ? '' : '; not shown'}`,
  ]);
  const all = [head, ...rows].map((cells) => cells.map((cell) => cell.replaceAll('|', String.raw`\|`)));
  // As the formatter has it.
  const widths = head.map((_, column) => Math.max(...all.map((cells) => cells[column]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [line(all[0]!), line(widths.map((width) => '-'.repeat(width))), ...all.slice(1).map(line)].join('\n');
}

function defaultOf({ fallback }: Setting): string {
  if (fallback === undefined) return '';
  return Array.isArray(fallback) && fallback.length === 0 ? 'none' : `\`${String(fallback)}\``;
}
