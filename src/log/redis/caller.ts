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
  async run(call: ScriptCall, repeatable = true): Promise<RedisReply> {
    const { script, keys, values, streamId } = call;
    const key = keys[0]!;
    const command = ['EVALSHA', script.sha, `${keys.length}`, ...keys, ...values];
    const work = (connection: RedisConnection): Promise<RedisReply> =>
      this.sent(connection.send(key, command)).catch((error: unknown) => {
        if (verdictOf(error) !== 'no-script') throw error;
        return this.sent(connection.send(key, ['EVAL', script.text, ...command.slice(2)]));
      });
    return await this.persist(work, streamId, repeatable);
  }

  /** Sends a command that may be repeated. `key` is one of its keys. */
  async send(key: string, command: readonly RedisArgument[], streamId?: string): Promise<RedisReply> {
    return await this.persist((connection) => this.sent(connection.send(key, command)), streamId, true);
  }

  private async persist(
    work: (connection: RedisConnection) => Promise<RedisReply>,
    streamId: string | undefined,
    repeatable: boolean,
  ): Promise<RedisReply> {
    let giveUpAt: number | undefined;
    for (let attempt = 0; ; attempt++) {
      if (this.disposed) throw new StreamError('log-unavailable', 'the log was disposed of');
      // Nothing is timed, nor waited for, as long as all is well.
      const connection = this.link.ready ?? (await this.link.whenReady(left(giveUpAt, this.patienceMs)));
      try {
        return await work(connection);
      } catch (error) {
        const verdict = verdictOf(error);
        if (verdict === 'final') throw failureOf(error, streamId);
        if (verdict === 'unknown' && !repeatable) throw new AnswerLost('the answer was lost', { cause: error });
        giveUpAt ??= Date.now() + this.patienceMs;
        if (Date.now() >= giveUpAt) throw unreachable(error);
        if (verdict === 'elsewhere' && this.link.ready === connection) this.link.renew();
        await pause(Math.min(10 * 2 ** attempt, 250));
      }
    }
  }

  /** Watches over a command on its way: a server that is silent for too long has lost the connection, or us. */
  private async sent(answer: Promise<RedisReply>): Promise<RedisReply> {
    if (this.pending++ === 0) this.heardAt = Date.now();
    this.watchdog ??= setInterval(() => this.checkSilence(), Math.max(1, this.patienceMs / 4)).unref();
    try {
      return await answer;
    } finally {
      this.pending--;
      this.heardAt = Date.now();
    }
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
