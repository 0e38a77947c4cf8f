// What operators cost: CPU time of an item, beyond that of the Subject it came from, in units of a stage of `map`.
import { writeFileSync } from 'node:fs';
import { build } from '../harness/build.mjs';
import { launch } from '../harness/child.mjs';
import { watchOthers } from '../harness/noise.mjs';
import { conditions } from '../harness/run.mjs';
import { settings } from '../harness/settings.mjs';
import { median } from '../harness/statistics.mjs';
import { markdown, short } from '../harness/table.mjs';

const asked = settings();
if (asked.build) build();
const { cases } = await import('./cases.mjs');

const units = new Set(['Subject alone', ...Object.values(cases).map(({ unit }) => unit)]);
const wanted = Object.keys(cases).filter((name) => units.has(name) || asked.wantsPeer(name));
const results = [];
for (let repetition = 1; repetition <= asked.runs; repetition++) {
  for (const name of wanted) {
    const child = await launch(new URL('case.mjs', import.meta.url), { core: 1 });
    const others = watchOthers([child.pid]);
    const samples = await child.call('nanoseconds', name);
    results.push({ name, run: repetition, samples, metrics: { others: others() } });
    await child.stop();
    process.stderr.write(`#${repetition} ${name}: ${short(Math.min(...samples))} ns\n`);
  }
}
if (asked.json !== undefined) writeFileSync(asked.json, JSON.stringify(results, null, 1));

// The least of all samples is the steadiest measure of what a stage costs: others can only add to it.
const least = (name) => Math.min(...samplesOf(name));
const samplesOf = (name) => results.filter((result) => result.name === name).flatMap(({ samples }) => samples);
const stage = (name) => least(name) - least('Subject alone');

const rows = wanted.map((name) => {
  const { unit, bar } = cases[name];
  const ratio = unit === undefined ? undefined : stage(name) / stage(unit);
  return [
    name,
    short(least(name)),
    short(median(samplesOf(name))),
    unit === undefined ? '' : short(stage(name)),
    ratio === undefined ? '' : `×${ratio.toFixed(2)} ${unit}`,
    bar === undefined ? '' : `×${bar}`,
    bar === undefined ? '' : ratio <= bar ? 'yes' : 'no',
  ];
});
const head = ['stage', 'ns/item, least', 'median', 'beyond the Subject', 'ratio', 'bar', 'reached'];
process.stdout.write(`\nOperators: CPU time of an item\n\n${markdown([head, ...rows])}\n\n${conditions(results)}\n`);
