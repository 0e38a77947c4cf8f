import { InvalidArgumentError, Option } from 'commander';

/** Which queue of a server calls of actors go through. */
export function queueNameOption(): Option {
  return new Option('--queue-name <name>', 'which queue there').default('actors');
}

/** How soon another worker takes up a call. All who use a queue say the same. */
export function leaseOption(): Option {
  return new Option(
    '--lease-ms <number>',
    'how long a worker may be silent before another takes up its call; the same for all',
  )
    .argParser(readWhole)
    .default(30_000);
}

/** Reads a number of something. */
export function readWhole(text: string): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (number > 0) return number;
  throw new InvalidArgumentError('It must be a number from 1 to 999999999.');
}
