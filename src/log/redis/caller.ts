import { checkBound, StreamError } from '../../chunk/index.js';
import type { RedisArgument, RedisConnection, RedisDoor, RedisReply } from './client.js';
import { failureOf, unreachable, verdictOf } from './failure.js';
import { RedisLink } from './link.js';
import type { RedisScript } from './scripts.js';

/** @internal A script, and what it works on. */
export interface ScriptCall {
  readonly script: RedisScript;
  /** All in one slot. */
  readonly keys: readonly string[];
  readonly values: readonly RedisArgument[];
  readonly streamId: string;
}

/** Sends something: a script by its name, or whole. */
type Work = (connection: RedisConnection, whole: boolean) => Promise<RedisReply>;

/** @internal Rejects a call that cannot be repeated because it may have been done: `cause` is what broke. */
export class AnswerLost extends Error {}

/**
 * @internal Sends commands over one connection, all that come together in one write, and repeats them until they are
 * answered or patience ends: over a new connection, on the new master, with a script that was forgotten.
 */
export class RedisCaller {
  private readonly link: RedisLink;
  private readonly patienceMs: number;
  private disposed = false;
  private pending = 0;
  private heardAt = 0;
  private watchdog: NodeJS.Timeout | undefined;

  constructor(door: RedisDoor, patienceMs: number) {
    this.patienceMs = checkBound('patienceMs', patienceMs);
    this.link = new RedisLink(door);
  }

  /** Runs a script: by its name, and whole where the server does not know it. */
  run({ script, keys, values, streamId }: ScriptCall, repeatable = true): Promise<RedisReply> {
    const rest = [`${keys.length}`, ...keys, ...values];
    const work: Work = (connection, whole) =>
      connection.send(keys[0]!, whole ? ['EVAL', script.text, ...rest] : ['EVALSHA', script.sha, ...rest]);
    return this.persist(work, streamId, repeatable);
  }

  /** Sends a command that may be repeated. `key` is one of its keys. */
  send(key: string, command: readonly RedisArgument[], streamId?: string): Promise<RedisReply> {
    return this.persist((connection) => connection.send(key, command), streamId, true);
  }

  private async persist(work: Work, streamId: string | undefined, repeatable: boolean): Promise<RedisReply> {
    let [giveUpAt, whole]: [number | undefined, boolean] = [undefined, false];
    for (let attempt = 0; ; attempt++) {
      if (this.disposed) throw new StreamError('log-unavailable', 'the log was disposed of');
      // Nothing is timed, nor waited for, as long as all is well.
      const connection = this.link.ready ?? (await this.link.whenReady(left(giveUpAt, this.patienceMs)));
      this.listen();
      try {
        const reply = await work(connection, whole);
        this.heard();
        return reply;
      } catch (error) {
        this.heard();
        const verdict = verdictOf(error);
        if (verdict === 'final') throw failureOf(error, streamId);
        if (verdict === 'unknown' && !repeatable) throw new AnswerLost('the answer was lost', { cause: error });
        giveUpAt ??= Date.now() + this.patienceMs;
        if (Date.now() >= giveUpAt) throw unreachable(error);
        if (verdict === 'elsewhere' && this.link.ready === connection) this.link.renew();
        whole = verdict === 'no-script';
        if (!whole) await pause(Math.min(10 * 2 ** attempt, 250));
      }
    }
  }

  /** Watches over a command on its way: a server that is silent for too long has lost the connection, or us. */
  private listen(): void {
    if (this.pending++ === 0) this.heardAt = Date.now();
    this.watchdog ??= setInterval(() => this.checkSilence(), Math.max(1, this.patienceMs / 4)).unref();
  }

  private heard(): void {
    this.pending--;
    this.heardAt = Date.now();
  }

  private checkSilence(): void {
    if (this.pending === 0) {
      clearInterval(this.watchdog);
      this.watchdog = undefined;
    } else if (Date.now() - this.heardAt >= this.patienceMs) {
      this.heardAt = Date.now();
      this.link.renew();
    }
  }

  dispose(): void {
    this.disposed = true;
    clearInterval(this.watchdog);
    this.link.dispose();
  }
}

function left(giveUpAt: number | undefined, patienceMs: number): number {
  return giveUpAt === undefined ? patienceMs : giveUpAt - Date.now();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
