// Does what the Dockerfile says, without Docker: each stage is a temporary folder, COPY and RUN happen in it. The last one is given this
// machine's Node and the libraries that needs, and becomes the whole file system of the server, which is started in namespaces of its own:
// as the user the image has, with nothing else to be found, the first of its processes. It is written to, asked as HEALTHCHECK asks it,
// told to stop, and started again on what it has kept. That the base image exists is taken on trust. Needs Linux, and reaches the
// package registry, as `npm ci` does.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DockerfileParser } from 'dockerfile-ast';

const project = fileURLToPath(new URL('..', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'sluice-image-'));
/** `node` in the base image. */
const user = 1000;
const isRoot = process.getuid() === 0;
const port = '44371';

try {
  const stage = build();
  console.log(`${size(join(stage.root, 'app'))} besides the base image`);
  await live(stage);
} finally {
  rmSync(home, { recursive: true, force: true });
}

/** Goes through the instructions; returns the last stage. */
function build() {
  const stages = new Map();
  let stage;
  for (const instruction of DockerfileParser.parse(
    readFileSync(join(project, 'Dockerfile'), 'utf8'),
  ).getInstructions()) {
    const text = instruction.toString().replace(/^\w+\s+/, '');
    switch (instruction.getKeyword()) {
      case 'FROM': {
        const name = /\sAS\s+(\S+)/i.exec(text)?.[1] ?? 'last';
        stage = { root: join(home, name), cwd: '/', env: {} };
        stages.set(name, stage);
        break;
      }
      case 'WORKDIR':
        stage.cwd = text;
        mkdirSync(join(stage.root, text), { recursive: true });
        break;
      case 'ENV':
        for (const pair of text.split(' ')) stage.env[pair.split('=')[0]] = pair.slice(pair.indexOf('=') + 1);
        break;
      case 'COPY':
        copy(stage, stages, text.split(' '));
        break;
      case 'RUN':
        runIn(stage, text);
        break;
      case 'ENTRYPOINT':
      case 'CMD':
      case 'HEALTHCHECK':
        stage[instruction.getKeyword()] = JSON.parse(text.slice(text.indexOf('[')));
        break;
      default:
    }
  }
  return stage;
}

function copy(stage, stages, words) {
  const from = words[0].startsWith('--from=') ? stages.get(words.shift().slice('--from='.length)).root : project;
  const target = words.pop();
  for (const source of words) {
    const folder = join(stage.root, stage.cwd);
    if (source === '.') copyContext(folder);
    else
      cpSync(join(from, source), target === './' ? join(folder, basename(source)) : join(folder, target), {
        recursive: true,
      });
  }
}

/** What the project has committed, or would, as far as .dockerignore lets it pass. */
function copyContext(into) {
  const patterns = readFileSync(join(project, '.dockerignore'), 'utf8').match(/^!.*/gm);
  const allowed = patterns.map(
    (line) => new RegExp(`^${line.slice(1).replaceAll('.', '\\.').replaceAll('*', '[^/]*')}(?:/|$)`),
  );
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: project, encoding: 'utf8' });
  for (const file of files
    .trim()
    .split('\n')
    .filter((name) => allowed.some((pattern) => pattern.test(name)))) {
    mkdirSync(dirname(join(into, file)), { recursive: true });
    cpSync(join(project, file), join(into, file));
  }
}

function runIn(stage, command) {
  const since = performance.now();
  // The user of the base image is not on this machine, by that name.
  const chown = /chown node:node (\S+)/g;
  const inside = command
    .replaceAll(chown, isRoot ? `chown ${user}:${user} $1` : 'true')
    .replaceAll(' /', ` ${stage.root}/`);
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', inside], {
    cwd: join(stage.root, stage.cwd),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${command} ended with ${status}\n${stdout}${stderr}`);
  console.log(`ok  ${command}  ${((performance.now() - since) / 1000).toFixed(0)} s`);
}

/** Starts the server in the image, twice, and looks at what it does there. */
async function live(stage) {
  giveNode(stage.root);
  const { url, stop } = await start(stage);
  const type = { 'content-type': 'text/plain' };
  await expectStatus(
    201,
    await fetch(`${url}/v1/stream/kept`, { method: 'PUT', headers: type, body: 'through a restart' }),
  );
  await stop();
  const files = readdirSync(join(stage.root, 'data')).map((name) => statSync(join(stage.root, 'data', name)).uid);
  if (files.length === 0 || (isRoot && files.some((uid) => uid !== user)))
    throw new Error('/data is not what it wrote');
  const again = await start(stage);
  const text = await (await fetch(`${again.url}/v1/stream/kept`)).text();
  if (text !== 'through a restart') throw new Error(`it kept "${text}"`);
  await again.stop();
  console.log('ok  what was written is there after a restart, in /data');
  const why = inImage(stage, ['node', '-e', "fs.writeFileSync('/app/package.json', '')"], 'pipe').stderr;
  if (isRoot && !why.includes('EACCES')) throw new Error(`it may write where its program is: ${why}`);
  if (isRoot) console.log('ok  nothing else can be written to');
}

/** What the base image has, as far as it is needed. */
function giveNode(root) {
  const node = realpathSync(process.execPath);
  const libraries = execFileSync('ldd', [node], { encoding: 'utf8' }).match(/\/\S+/g);
  for (const path of libraries) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    cpSync(realpathSync(path), join(root, path));
  }
  for (const folder of ['proc', 'tmp', 'usr/local/bin']) mkdirSync(join(root, folder), { recursive: true });
  cpSync(node, join(root, 'usr/local/bin/node'));
  if (isRoot) chownSync(join(root, 'tmp'), user, user);
}

/** What runs a program in the image, as its user. Without power of our own we are that user there. */
function wrapped({ root, cwd, env }, words) {
  const who = isRoot ? [`--setuid=${user}`, `--setgid=${user}`] : [`--map-user=${user}`, `--map-group=${user}`];
  const where = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', `--root=${root}`, `--wd=${cwd}`];
  const PATH = `/usr/local/bin:${process.env.PATH}`;
  const variables = { ...env, PATH, SLUICE_HOST: '127.0.0.1', SLUICE_PORT: port };
  return ['unshare', [...who, ...where, ...words], variables];
}

function inImage(stage, words, stdio) {
  const [program, args, env] = wrapped(stage, words);
  return spawnSync(program, args, { env, stdio, encoding: 'utf8' });
}

async function start(stage) {
  const [program, args, env] = wrapped(stage, [...stage.ENTRYPOINT, ...stage.CMD]);
  const server = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  await once(server.stdout, 'data');
  const { status } = inImage(stage, stage.HEALTHCHECK, 'inherit');
  if (status !== 0) throw new Error(`HEALTHCHECK ended with ${status}`);
  // The one process in there: what stands around it would not hand on the signal.
  const [child] = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8').trim().split(' ');
  const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${child}/status`, 'utf8'))[1];
  console.log(`ok  ${[...stage.ENTRYPOINT, ...stage.CMD].join(' ')}, healthy, as user ${uid}`);
  const stop = async () => {
    process.kill(Number(child), 'SIGTERM');
    const [code] = await once(server, 'close');
    if (code !== 0) throw new Error(`told to stop, the server ended with ${code}`);
    console.log('ok  SIGTERM, exit code 0');
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}

async function expectStatus(wanted, response) {
  if (response.status !== wanted) throw new Error(`${response.status} ${await response.text()}`);
}

function size(folder) {
  return `${execFileSync('du', ['-sm', folder], { encoding: 'utf8' }).split('\t')[0]} MB`;
}
