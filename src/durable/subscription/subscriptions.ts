import type { JsonValue } from '../../chunk/index.js';
import type { Bodies } from '../bodies.js';
import { formatOffset, parseOffset } from '../offset.js';
import { answer, answerJson, Refusal, type Reply } from '../reply.js';
import type { DurableRequest } from '../request.js';
import { tailOf } from '../stream-record.js';
import type { StreamLink, Subscription, SubscriptionEntry, SubscriptionState } from './book.js';
import { object, readConfig, readPaths, sameConfig, type SubscriptionConfig } from './config.js';
import { fits, maxLinks, Waker, type WakerSurroundings } from './waker.js';
import { readToken, tokenOf, type Webhooks } from './webhooks.js';
import { decideClaim, isCurrent, pending, reportLink, reportWork, type Tails } from './work.js';

type Entries = readonly SubscriptionEntry[];
type WakeToken = NonNullable<ReturnType<typeof readToken>>;

const maxSubscriptions = 1000;
const idForm = /^[\w.:~-]{1,128}$/;
const maxWorker = 256;

/** What {@link Subscriptions} needs. */
interface SubscriptionsSurroundings extends WakerSurroundings {
  /** Told of what is refused. */
  readonly refused?: (refusal: Refusal) => void;
}

/** @internal The control paths of the protocol: subscriptions, who works on them, and the keys to verify webhooks with. */
export class Subscriptions {
  private readonly waker: Waker;
  private readonly webhooks: Webhooks;

  constructor(
    private readonly surroundings: SubscriptionsSurroundings,
    private readonly bodies: Bodies,
  ) {
    this.waker = new Waker(surroundings);
    this.webhooks = surroundings.webhooks;
  }

  /** Looks who has subscribed before. */
  begin(): Promise<void> {
    return this.waker.refresh();
  }

  dispose(): void {
    this.waker.dispose();
  }

  /** Answers a request for what is below `__ds`: the segments behind it. Trouble is said as the protocol says it here. */
  async handle(segments: readonly string[], request: DurableRequest): Promise<Reply> {
    try {
      return await this.route(segments, request);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.surroundings.refused?.(error);
      return answerJson(error.status, { error: { code: error.code, message: error.message } }, error.headers);
    }
  }

  private async route([area, id, word, ...rest]: readonly string[], request: DurableRequest): Promise<Reply> {
    const { method } = request;
    if (area === 'jwks.json' && id === undefined && method === 'GET') return this.keys();
    if (area !== 'subscriptions' || id === undefined) throw new Refusal(404, 'NOT_FOUND', 'there is nothing here');
    if (!idForm.test(id))
      throw new Refusal(400, 'INVALID_REQUEST', 'an id is of 1 to 128 letters, digits and . _ ~ : -');
    switch (`${method} ${word ?? ''}${rest.length === 0 ? '' : '/'}`) {
      case 'PUT ':
        return await this.put(id, await this.json(request), request.origin + request.path);
      case 'GET ':
        return answerJson(200, this.describe(await this.get(id)));
      case 'DELETE ':
        return await this.remove(id);
      case 'POST streams':
        return await this.link(id, readPaths(object(await this.json(request))['streams']));
      case 'DELETE streams/':
        return await this.unlink(id, rest.join('/'));
      case 'POST claim':
        return await this.claim(id, object(await this.json(request))['worker']);
      case 'POST callback':
      case 'POST ack':
        return await this.acknowledge(id, word === 'callback' ? 'webhook' : 'pull-wake', request);
      case 'POST release':
        return await this.release(id, request);
      default:
        throw new Refusal(404, 'NOT_FOUND', 'there is nothing here');
    }
  }

  private keys(): Reply {
    const { jwk, kid } = this.webhooks;
    const keys = [{ ...jwk, kid, use: 'sig', alg: 'EdDSA' }];
    return answerJson(
      200,
      { keys },
      { 'content-type': 'application/jwk-set+json', 'cache-control': 'public, max-age=300' },
    );
  }

  private async json(request: DurableRequest): Promise<unknown> {
    return await this.bodies.with(request, async (body) => {
      try {
        return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown;
      } catch {
        throw new Refusal(400, 'INVALID_REQUEST', 'the body must be JSON');
      }
    });
  }

  private async get(id: string): Promise<Subscription> {
    return existing(await this.waker.ledger.read(), id);
  }

  private async put(id: string, value: unknown, root: string): Promise<Reply> {
    const config = readConfig(value, this.webhooks.allowLocal);
    const links = await this.linksOf(config);
    const created = await this.enter((state) => {
      const known = state.get(id);
      if (known !== undefined) {
        if (sameConfig(known.config, config)) return { entries: [], result: false };
        throw new Refusal(409, 'SUBSCRIPTION_ALREADY_EXISTS', 'there is a subscription of this id, of another kind');
      }
      if (state.size >= maxSubscriptions) {
        throw new Refusal(429, 'LIMIT_REACHED', `there may be ${maxSubscriptions} subscriptions`);
      }
      const row = { id, config, createdAt: this.waker.now, root, generation: 0, wake: null, retry: null, links };
      return { entries: [{ t: 'put', id, row }], result: true };
    });
    await this.waker.refresh();
    return answerJson(created ? 201 : 200, this.describe(await this.get(id)));
  }

  /** The streams a new subscription begins with, each at its tail: what is there already is not its work. */
  private async linksOf(config: SubscriptionConfig): Promise<StreamLink[]> {
    const probe = { config } as Subscription;
    const matching = config.pattern === null ? [] : await this.surroundings.streams.log.list();
    const glob = new Set(matching.map(({ streamId }) => streamId).filter((path) => fits(probe, path)));
    const paths = [...new Set([...config.streams, ...glob])].slice(0, maxLinks);
    const explicit = new Set(config.streams);
    const links: StreamLink[] = [];
    for (const path of paths) {
      links.push({ path, explicit: explicit.has(path), glob: glob.has(path), acked: await this.tailOf(path) });
    }
    return links;
  }

  private async tailOf(path: string): Promise<string> {
    const record = await this.surroundings.registry.find(path);
    return record === undefined ? formatOffset(0) : tailOf(record);
  }

  private async remove(id: string): Promise<Reply> {
    await this.enter((state) => {
      existing(state, id);
      return { entries: [{ t: 'gone', id }], result: undefined };
    });
    await this.waker.refresh();
    return answer(204);
  }

  private async link(id: string, paths: readonly string[]): Promise<Reply> {
    const tails = new Map<string, string>();
    for (const path of paths) tails.set(path, await this.tailOf(path));
    await this.enter((state) => {
      const { links } = existing(state, id);
      if (links.size + paths.length > maxLinks) {
        throw new Refusal(429, 'LIMIT_REACHED', `a subscription may have ${maxLinks} streams`);
      }
      const fresh = paths.filter((path) => links.get(path)?.explicit !== true);
      const entries = fresh.map((path): SubscriptionEntry => {
        const known = links.get(path) ?? { path, glob: false, acked: tails.get(path)! };
        return { t: 'link', id, link: { ...known, explicit: true } };
      });
      return { entries, result: undefined };
    });
    await this.waker.refresh();
    return answer(204);
  }

  private async unlink(id: string, path: string): Promise<Reply> {
    await this.enter((state) => {
      const known = existing(state, id).links.get(path);
      if (known?.explicit !== true) return { entries: [], result: undefined };
      const entry: SubscriptionEntry = known.glob
        ? { t: 'link', id, link: { ...known, explicit: false } }
        : { t: 'unlink', id, path };
      return { entries: [entry], result: undefined };
    });
    await this.waker.refresh();
    return answer(204);
  }

  private async claim(id: string, worker: unknown): Promise<Reply> {
    if (typeof worker !== 'string' || worker === '' || worker.length > maxWorker) {
      throw new Refusal(400, 'INVALID_REQUEST', `worker must be a string of 1 to ${maxWorker} characters`);
    }
    const { known, tails, claim } = await this.enter(async (state) => {
      const subscription = existing(state, id);
      ofType(subscription, 'pull-wake');
      const ends = await this.waker.tails(subscription);
      const outcome = decideClaim(subscription, ends, worker, this.waker.wakeId(), this.waker.now);
      const entries = typeof outcome === 'object' && 'entries' in outcome ? outcome.entries : [];
      return { entries, result: { known: subscription, tails: ends, claim: outcome } };
    });
    if (claim === 'none') throw new Refusal(409, 'NO_PENDING_WORK', 'there is nothing to do');
    if ('holder' in claim) {
      const message = 'another worker has it';
      const { holder: current_holder } = claim;
      return answerJson(409, {
        error: { code: 'ALREADY_CLAIMED', message, current_holder, generation: known.generation },
      });
    }
    const { wakeId, generation } = claim;
    return answerJson(200, {
      wake_id: wakeId,
      generation,
      token: tokenOf(this.webhooks, id, wakeId, generation),
      streams: reportWork(known, tails),
      lease_ttl_ms: known.config.leaseMs,
    });
  }

  private async acknowledge(id: string, type: SubscriptionConfig['type'], request: DurableRequest): Promise<Reply> {
    const token = this.tokenIn(request, id);
    const body = object(await this.json(request));
    const done = body['done'] === true;
    const acks = readAcks(body['acks']);
    const more = await this.enter(async (state) => {
      const known = this.current(state, id, token, body);
      ofType(known, type);
      const tails = await this.waker.tails(known);
      checkAcks(known, acks, tails);
      const until = this.waker.now + known.config.leaseMs;
      const entries: SubscriptionEntry[] = [{ t: 'ack', id, acks }];
      if (done) entries.push({ t: 'idle', id });
      else entries.push({ t: 'hold', id, holder: known.wake!.holder, until });
      const behind = pending(known, tails).filter((path) => (acks[path] ?? '') < tails.get(path)!);
      return { entries, result: done && behind.length > 0 };
    });
    if (done) this.waker.consider(id);
    return answerJson(200, { ok: true, next_wake: more });
  }

  private async release(id: string, request: DurableRequest): Promise<Reply> {
    const token = this.tokenIn(request, id);
    const body = object(await this.json(request));
    await this.enter((state) => {
      ofType(this.current(state, id, token, body), 'pull-wake');
      return { entries: [{ t: 'idle', id }], result: undefined };
    });
    this.waker.consider(id);
    return answer(204);
  }

  /** What a worker shows. Looked at before anything else: nobody else stands between a stranger and these paths. */
  private tokenIn(request: DurableRequest, id: string): WakeToken {
    const token = readToken(this.webhooks, id, request.header('authorization'));
    if (token !== undefined) return token;
    throw new Refusal(401, 'TOKEN_INVALID', 'the bearer token is none of this subscription');
  }

  /** The subscription that a worker speaks of, if it is the worker's turn. */
  private current(
    state: SubscriptionState,
    id: string,
    token: WakeToken,
    { wake_id, generation }: Record<string, unknown>,
  ): Subscription {
    const known = existing(state, id);
    const { now } = this.waker;
    const current = isCurrent(known, token.wakeId, token.generation, now) && isCurrent(known, wake_id, generation, now);
    if (current) return known;
    throw new Refusal(409, 'FENCED', 'this wake is over');
  }

  private enter<T>(
    decide: (state: SubscriptionState) => { entries: Entries; result: T } | Promise<{ entries: Entries; result: T }>,
  ): Promise<T> {
    return this.waker.ledger.enter(
      decide as (state: SubscriptionState) => Promise<{ entries: (SubscriptionEntry & JsonValue)[]; result: T }>,
    );
  }

  private describe({ id, config, createdAt, root, retry, links }: Subscription): object {
    const { type, pattern, webhook, wakeStream, leaseMs, description } = config;
    const signing = { alg: 'ed25519', kid: this.webhooks.kid, jwks_url: `${root}__ds/jwks.json` };
    return {
      id,
      subscription_id: id,
      type,
      pattern,
      streams: Array.from(links.values(), reportLink),
      webhook: webhook === null ? null : { url: webhook, signing },
      wake_stream: wakeStream,
      lease_ttl_ms: leaseMs,
      created_at: new Date(createdAt).toISOString(),
      status: retry === null ? 'active' : 'failed',
      description,
    };
  }
}

function existing(state: SubscriptionState, id: string): Subscription {
  const known = state.get(id);
  if (known !== undefined) return known;
  throw new Refusal(404, 'SUBSCRIPTION_NOT_FOUND', 'there is no such subscription');
}

function ofType({ config }: Subscription, type: SubscriptionConfig['type']): void {
  if (config.type !== type) throw new Refusal(400, 'INVALID_REQUEST', `this is for subscriptions of type ${type}`);
}

function readAcks(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  if (!Array.isArray(value) || value.length > maxLinks)
    throw new Refusal(400, 'INVALID_REQUEST', 'acks must be a list');
  const acks = value.map((each): [string, string] => {
    const { stream, offset } = object(each);
    if (typeof stream === 'string' && typeof offset === 'string' && typeof parseOffset(offset) === 'number') {
      return [stream, offset];
    }
    throw new Refusal(400, 'INVALID_OFFSET', 'an ack has a stream, and an offset of it');
  });
  return Object.fromEntries(acks);
}

function checkAcks({ links }: Subscription, acks: Readonly<Record<string, string>>, tails: Tails): void {
  for (const [path, offset] of Object.entries(acks)) {
    if (links.has(path) && offset <= (tails.get(path) ?? '')) continue;
    throw new Refusal(400, 'INVALID_OFFSET', 'an ack is for a stream of the subscription, up to its tail');
  }
}
