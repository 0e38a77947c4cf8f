import type { ChildProcess } from 'node:child_process';

/** What is killed: the process that has the log open, or the server that keeps it. */
export interface Victim {
  /** The log, as `openLog` takes it. */
  readonly url: string;
  /** Ends it without warning while `writer` works, and resolves when it has ended. */
  kill(writer: ChildProcess): Promise<void>;
  /** Lets it live again with what it has kept. Nothing to do where opening the log is enough. */
  revive(): Promise<void>;
  /** Ends it for good and removes what it leaves behind. */
  dispose(): Promise<void>;
}

/** Kills a process of ours, and resolves when it is gone. */
export async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}
