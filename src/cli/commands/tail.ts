import { once } from 'node:events';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type Chunk, chunkToJson, type JoinPosition, parseJoinPosition } from '../../chunk/index.js';
import { connect, serverOption, type TransportName } from '../connect.js';
import { tokenOption } from '../token.js';

interface Flags {
  readonly server: string;
  readonly from: JoinPosition;
  readonly transport: TransportName;
  readonly json?: boolean;
}

/** `sluice tail STREAM`: a stream's data on standard output, byte for byte, until the stream ends. */
export function tailCommand(): Command {
  return new Command('tail')
    .description('write a stream to standard output until it ends')
    .argument('<stream>', 'name of the stream, such as books/moby-dick')
    .addOption(serverOption())
    .addOption(tokenOption())
    .option(
      '--from <position>',
      'where to begin: beginning, now, snapshot (all so far in one message) or the number of a chunk',
      readPosition,
      'beginning',
    )
    .addOption(new Option('--transport <name>', 'how to reach the gateway').choices(['ws', 'sse']).default('ws'))
    .option('--json', 'write every chunk as one line of JSON')
    .action(run);
}

async function run(stream: string, { server, from, transport, json = false }: Flags): Promise<void> {
  const client = connect(server, transport);
  try {
    for await (const chunk of client.read(stream, { from })) {
      const output = json ? `${chunkToJson(chunk)}\n` : rawOf(chunk);
      // Nothing is taken while standard output is full, and so nothing more is sent.
      if (!process.stdout.write(output)) await once(process.stdout, 'drain');
    }
  } finally {
    client.close();
  }
}

function rawOf({ type, data }: Chunk): string | Uint8Array {
  if (data instanceof Uint8Array) return data;
  return type === 'text' ? data : `${JSON.stringify(data)}\n`;
}

function readPosition(text: string): JoinPosition {
  const position = parseJoinPosition(text);
  if (position !== undefined) return position;
  throw new InvalidArgumentError('It must be beginning, now, snapshot or the number of a chunk.');
}
