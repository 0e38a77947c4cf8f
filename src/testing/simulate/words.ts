import type {
  ClientPlan,
  Mishap,
  Rates,
  ReaderPlan,
  Scenario,
  ServerPlan,
  StreamPlan,
  Window,
  WriterPlan,
} from './scenario.js';

/** @internal Says a scenario in words, a line for each who takes part. */
export function describeScenario(scenario: Scenario): string[] {
  const { calmMs, server, streams, clients, writers, readers } = scenario;
  const nameOf = (stream: number): string => streams[stream]!.name;
  const clientOf = (client: number): string => clients[client]!.name;
  return [
    `faults until ${calmMs} ms`,
    `server: ${serverText(server)}`,
    ...streams.filter(eventful).map((stream) => `stream ${stream.name}: ${streamText(stream, clientOf)}`),
    ...clients.map((client) => `client ${client.name}: ${clientText(client)}`),
    ...writers.map(
      (writer) =>
        `writer ${writer.name} of ${clientOf(writer.client)} to ${nameOf(writer.stream)}: ${writerText(writer)}`,
    ),
    ...readers.map(
      (reader) =>
        `reader ${reader.name} of ${clientOf(reader.client)} from ${nameOf(reader.stream)}: ${readerText(reader)}`,
    ),
  ];
}

function serverText({ pingMs, maxFrame, window, restarts }: ServerPlan): string {
  const gone = restarts.map(
    ({ atMs, downMs, abrupt, goodbyeMs }) =>
      `${abrupt ? 'crashes' : goodbyeMs === undefined ? 'closes' : 'says goodbye'} at ${atMs} ms and is gone for ${downMs} ms`,
  );
  return [
    `pings every ${pingMs} ms`,
    `writers may have ${windowText(window)} open`,
    `messages of ${maxFrame} bytes`,
    ...gone,
  ].join(', ');
}

function eventful({ trims, cancel }: StreamPlan): boolean {
  return trims.length > 0 || cancel !== undefined;
}

function streamText({ trims, cancel }: StreamPlan, clientOf: (client: number) => string): string {
  const parts = trims.map(({ atMs, keep }) => `trimmed at ${atMs} ms to its last ${count(keep, 'chunk')}`);
  if (cancel !== undefined) parts.push(`${clientOf(cancel.client)} cancels it from ${cancel.atMs} ms on`);
  return parts.join(', ');
}

function clientText(plan: ClientPlan): string {
  const { toServer, toClient, pingMs, retryMs, gapMs, connectMs, backoff, highWaterMark, mishaps } = plan;
  const times = `pings every ${pingMs} ms, repeats after ${retryMs}, asks again after ${gapMs}, gives up connecting after ${connectMs}, waits up to ${backoff.maxMs}`;
  return [
    `to the server ${ratesText(toServer)}`,
    `from it ${ratesText(toClient)}`,
    ...mishaps.map(mishapText),
    `${times} ms`,
    `${highWaterMark} bytes on the link`,
  ].join('; ');
}

function ratesText({ loss, duplication, reordering, reorderMs, delayMs, cut, halfOpen }: Rates): string {
  const parts = [
    share('lost', loss),
    share('twice', duplication),
    share(`up to ${reorderMs[1]} ms late`, reordering),
    share('cut', cut),
    share('dead', halfOpen),
    delayMs[1] === 0 ? 'at once' : `${delayMs[0]}–${delayMs[1]} ms`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function share(word: string, rate: number): string {
  return rate === 0 ? '' : `${Number((rate * 100).toFixed(1))} % ${word}`;
}

function mishapText(mishap: Mishap): string {
  if (mishap.kind === 'cut') return `cut at ${mishap.atMs} ms`;
  const way = mishap.direction === 'toServer' ? 'to the server' : 'from it';
  if (mishap.kind === 'swallow') return `dead ${way} from ${mishap.atMs} ms`;
  return `nobody reads what goes ${way} from ${mishap.atMs} ms for ${mishap.forMs} ms`;
}

function writerText({ producer, batches, close }: WriterPlan): string {
  const chunks = batches.reduce((sum, { sizes }) => sum + sizes.length, 0);
  const life = producer === undefined ? '' : `, as ${producer.id} of epoch ${producer.epoch}`;
  const early =
    close === undefined || close.batch === batches.length - 1 ? '' : ` already with batch ${close.batch + 1}`;
  const end = close === undefined ? '' : `, ${close.status}${early}`;
  return `${count(chunks, 'chunk')} in ${count(batches.length, 'batch', 'batches')} from ${batches[0]!.atMs} to ${batches.at(-1)!.atMs} ms${life}${end}`;
}

function readerText({ from, atMs, window, paceMs, onGap, leaveAfter, follows }: ReaderPlan): string {
  const when = follows === undefined ? `at ${atMs} ms` : `when ${follows} has left`;
  const pace = paceMs === undefined ? 'pushed to' : `pulls every ${paceMs[0]}–${paceMs[1]} ms`;
  const leaves = leaveAfter === undefined ? '' : `, leaves after ${leaveAfter}`;
  const gaps = onGap === 'skip' ? ', goes on behind gaps' : '';
  return `from ${typeof from === 'number' ? `chunk ${from}` : from} ${when}, window of ${windowText(window)}, ${pace}${gaps}${leaves}`;
}

function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`;
}

function windowText({ chunks, bytes }: Window): string {
  return `${count(chunks, 'chunk')} and ${bytes} bytes`;
}
