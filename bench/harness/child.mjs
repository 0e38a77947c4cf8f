// Fresh processes, each on a core of its own: `launch` starts one around a module, whose exported functions can then be
// called from here. A child ends with its parent, whatever happens to it.
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';

const worker = fileURLToPath(new URL('worker.mjs', import.meta.url));
const works = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
const pins = availableParallelism() > 1 && works('taskset', '-c', '1', process.execPath, '--version');

/** Whether processes can be bound to cores here. */
export const pinned = pins;

/** How long one call may take. */
const callMs = 60_000;
/** How long a process may take to end. */
const stopMs = 5_000;

/**
 * Starts a module in a process of its own.
 *
 * @param {URL} module its exported functions become callable
 * @param {{ core?: number, flags?: string[] }} options the core it is bound to, where that is possible, and flags for Node
 */
export async function launch(module, { core = 0, flags = [] } = {}) {
  // On one core, threads that collect garbage beside the main one would only stand in its way.
  const bound = pins ? ['--single-threaded-gc'] : [];
  const node = [process.execPath, ...bound, ...flags, worker, module.href];
  const [command, ...args] = pins ? ['taskset', '-c', `${core}`, ...node] : node;
  const options = { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true };
  const child = new Child(spawn(command, args, options), module);
  await child.started;
  prefer(child.pid);
  return child;
}

/** Has a process served before others, where that is allowed: on a shared machine it would wait behind their work. */
function prefer(pid) {
  try {
    setPriority(pid, -20);
    // Linux weighs sessions against each other, and only within one of them processes. `detached` made it a session.
    writeFileSync(`/proc/${pid}/autogroup`, '-20');
  } catch {
    // As everybody else, then.
  }
}

class Child {
  #process;
  #calls = new Map();
  #count = 0;
  #exited;

  constructor(childProcess, module) {
    this.#process = childProcess;
    this.name = module.pathname.split('/').slice(-2).join('/');
    this.pid = childProcess.pid;
    this.started = new Promise((resolve, reject) => this.#calls.set(0, { resolve, reject }));
    this.#exited = new Promise((resolve) => childProcess.once('exit', resolve));
    childProcess.on('message', ({ id, value, error }) => {
      const call = this.#calls.get(id);
      this.#calls.delete(id);
      clearTimeout(call?.timer);
      if (error === undefined) call?.resolve(value);
      else call?.reject(new Error(`${this.name}: ${error}`));
    });
    childProcess.once('exit', (code, signal) => {
      for (const { reject } of this.#calls.values()) reject(new Error(`${this.name} ended: ${code ?? signal}`));
      this.#calls.clear();
    });
  }

  /** Calls an exported function of the module. */
  call(method, ...args) {
    const id = ++this.#count;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.name}: ${method} took too long`)), callMs);
      this.#calls.set(id, { resolve, reject, timer });
      this.#process.send({ id, method, args });
    });
  }

  /** Ends the process: in good order, so that it can leave a profile, or after a while anyhow. */
  async stop() {
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), stopMs);
    if (this.#process.connected) this.#process.disconnect();
    await this.#exited;
    clearTimeout(timer);
  }
}

/**
 * While `work` runs the processes are served before everything else, where that is allowed, so that a wake-up does not
 * queue behind somebody else's work. For phases in which they mostly wait: at full load they would keep the kernel's own
 * work from being done.
 */
export async function preferred(children, work) {
  const schedule = (policy, priority) => {
    for (const { pid } of children) works('chrt', '-a', policy, '-p', priority, `${pid}`);
  };
  schedule('-f', '1');
  try {
    return await work();
  } finally {
    schedule('-o', '0');
  }
}
