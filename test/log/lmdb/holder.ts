import { openFolder } from '../../../src/log/lmdb/folder.js';

// Opens the folder it is given and holds it until it is killed.
await openFolder(process.argv[2]!);
process.stdout.write('open\n');
setInterval(() => {}, 60_000);
