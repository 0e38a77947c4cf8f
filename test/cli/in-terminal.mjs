// Runs a program of ours in a terminal of its own: in-terminal.mjs SCRIPT FILE [ARGUMENTS].
import { spawn } from 'node:child_process';

const [script, ...program] = process.argv.slice(2);
const words = [process.execPath, '-C', 'sluice-source', '--import', 'tsx', ...program];
const command = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
const terminal = spawn(script, ['-qec', command, '/dev/null'], { stdio: 'inherit' });
terminal.on('exit', (code) => process.exit(code ?? 1));
