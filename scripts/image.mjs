// Does what the Dockerfile says, without Docker: each stage is a temporary folder, COPY and RUN happen in it, then the server is
// started as the image would start it, asked as HEALTHCHECK asks it, and told to stop. Proves that the commands work and tells how
// large the image's own layers are; that the base image exists it takes on trust. Reaches the package registry, as `npm ci` does.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DockerfileParser } from 'dockerfile-ast';

const project = fileURLToPath(new URL('..', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'sluice-image-'));

try {
  const stage = build();
  console.log(`${size(join(stage.root, 'app'))} besides the base image`);
  await start(stage);
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
  // The user of the base image is not on this machine.
  const inside = command.replaceAll(' /', ` ${stage.root}/`).replaceAll(/chown \S+ \S+/g, 'true');
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', inside], {
    cwd: join(stage.root, stage.cwd),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${command} ended with ${status}\n${stdout}${stderr}`);
  console.log(`ok  ${command}  ${((performance.now() - since) / 1000).toFixed(0)} s`);
}

async function start(stage) {
  const port = '44371';
  const env = { ...process.env, ...stage.env, SLUICE_HOST: '127.0.0.1', SLUICE_PORT: port };
  env.SLUICE_LOG = `lmdb:${join(stage.root, 'data')}`;
  const [program, ...args] = [...stage.ENTRYPOINT, ...stage.CMD];
  const options = { cwd: join(stage.root, stage.cwd), env };
  const server = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
  await once(server.stdout, 'data');
  const [check, ...asked] = stage.HEALTHCHECK;
  execFileSync(check, asked, { ...options, stdio: 'inherit' });
  console.log(`ok  ${[...stage.ENTRYPOINT, ...stage.CMD].join(' ')}, healthy`);
  server.kill('SIGTERM');
  const [code] = await once(server, 'close');
  if (code !== 0) throw new Error(`told to stop, the server ended with ${code}`);
  console.log('ok  SIGTERM, exit code 0');
}

function size(folder) {
  return `${execFileSync('du', ['-sm', folder], { encoding: 'utf8' }).split('\t')[0]} MB`;
}
