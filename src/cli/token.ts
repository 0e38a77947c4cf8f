import { type Command, Option } from 'commander';

const variable = 'SLUICE_TOKEN';

/** Who the command speaks for. Others on the machine may see flags: the environment is the better place. */
export function tokenOption(): Option {
  return new Option('--token <token>', `token or API key to show the gateway (${variable})`);
}

/** Takes the token that a command was given, for whoever asks for it while it runs. */
export function useToken(command: Command): void {
  const { token: told } = command.opts<{ readonly token?: string }>();
  if (told !== undefined) process.env[variable] = told;
}

/** The token to show the gateway; `undefined` where there is none. */
export function token(): string | undefined {
  const told = process.env[variable];
  return told === '' ? undefined : told;
}
