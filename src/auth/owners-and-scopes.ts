import { type Action, actions, type Authorize } from './auth.js';

/** Where servers write for themselves: no scope but `admin` reaches it. */
const ours = ['sluice/', '__ds/'];
/** Where runs are: they are written by who runs them, and not by who owns them. */
const runs = 'runs/';
const written: ReadonlySet<Action> = new Set(['publish', 'create', 'delete']);
/** What nobody owns yet, or is no stream. */
const unowned: ReadonlySet<Action> = new Set(['create', 'run', 'list']);

/**
 * What is one's own is one's own, and scopes say more: nobody unknown may do anything, and somebody known may create streams, start
 * runs, and read, write, answer, cancel and delete what is his. Scopes narrow and widen that, each one of
 *
 * | scope | allows |
 * |---|---|
 * | `read` | the action on what is one's own; so every other action |
 * | `read:books/moby-dick` | the action on this stream, whosever it is |
 * | `read:books/*` | the action on all streams whose names begin so |
 * | `*`, `*:books/*` | all actions but `admin` |
 * | `admin` | everything, also what the server writes for itself |
 *
 * Credentials without scopes are as good as `*`; with some that are none of these, good for nothing. Streams that nobody owns,
 * such as those the server's own process made, are read by who has a scope that names them.
 *
 * @example
 * serve({ authenticate, authorize: ownersAndScopes });
 */
export const ownersAndScopes: Authorize = (principal, action, stream, owner) => {
  if (principal === undefined) return false;
  const { id, scopes = everything } = principal;
  if (scopes.includes('admin')) return true;
  if (action === 'admin' || ours.some((prefix) => stream.startsWith(prefix))) return false;
  const words = scopes.map(parse).filter(({ verb }) => verb === action || verb === '*');
  if (words.some(({ pattern }) => pattern !== undefined && matches(pattern, stream))) return true;
  if (words.every(({ pattern }) => pattern !== undefined)) return false;
  if (written.has(action) && stream.startsWith(runs)) return false;
  if (unowned.has(action)) return true;
  const whose = owner();
  return whose instanceof Promise ? whose.then((known) => known === id) : whose === id;
};

const everything: readonly string[] = ['*'];
const verbs: ReadonlySet<string> = new Set([...actions, '*']);

/** A scope taken apart; of words that are none, the verb is no action. */
function parse(scope: string): { readonly verb: string; readonly pattern?: string } {
  const at = scope.indexOf(':');
  return at < 0 ? { verb: scope } : { verb: scope.slice(0, at), pattern: scope.slice(at + 1) };
}

function matches(pattern: string, stream: string): boolean {
  return pattern.endsWith('*') ? stream.startsWith(pattern.slice(0, -1)) : pattern === stream;
}

/**
 * Checks a scope that somebody writes down.
 *
 * @throws TypeError when it is none of those {@link ownersAndScopes} knows
 */
export function checkScope(scope: string): string {
  const { verb, pattern } = parse(scope);
  if (verbs.has(verb) && pattern !== '') return scope;
  throw new TypeError(`a scope must be an action, or one and a name such as "read:books/*", got "${scope}"`);
}
