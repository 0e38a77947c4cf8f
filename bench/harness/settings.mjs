import { parseArgs } from 'node:util';

/**
 * What the command line asks of any benchmark: `--runs 5`, `--loads 1,10` and `--peers sluice,raw` (a part of the name is
 * enough) for some only, `--json FILE` for every single figure, `--no-build` to measure what was built last.
 */
export function settings() {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '5' },
      loads: { type: 'string' },
      peers: { type: 'string' },
      json: { type: 'string' },
      'no-build': { type: 'boolean', default: false },
    },
  });
  const list = (text) => text?.split(',');
  const [loads, peers] = [list(values.loads), list(values.peers)];
  return {
    runs: Number(values.runs),
    build: !values['no-build'],
    json: values.json,
    wantsLoad: (load) => loads === undefined || loads.includes(`${load}`),
    wantsPeer: (peer) => peers === undefined || peers.some((part) => peer.includes(part)),
  };
}
