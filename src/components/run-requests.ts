/** @internal Which run something is asked of, where, and by whom. */
export interface RunAddress {
  readonly server: string;
  readonly run: string;
  readonly token: string;
}

/** @internal Answers a step of a run, or cancels it: resolves with why it was refused, in words, or with nothing. */
export async function askRun(
  { server, run, token }: RunAddress,
  verb: 'input' | 'cancel',
  body: object,
): Promise<string | undefined> {
  try {
    const response = await fetch(new URL(`/v1/runs/${encodeURIComponent(run)}/${verb}`, server), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    });
    if (response.ok) return undefined;
    const { message } = (await response.json()) as { message?: string };
    return message ?? `The server answers ${response.status}.`;
  } catch {
    return 'The server cannot be reached; try again.';
  }
}
