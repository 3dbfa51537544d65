// node test/fuzz/run.ts [--target name] [--seed N] [--count N]   or, for one input again,   --target name --input hex
import { parseArgs } from 'node:util';
import { decodeHex } from '../../src/base/index.ts';
import { fuzz, FuzzCrash } from './fuzz.ts';
import { targets } from './targets/index.ts';

const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '10000' },
    input: { type: 'string' },
  },
});
const chosen = targets.filter((target) => values.target === undefined || target.name === values.target);
if (chosen.length === 0) throw new Error(`targets: ${targets.map((target) => target.name).join(' ')}`);
for (const target of chosen) {
  if (values.input !== undefined) {
    console.log(`${target.name}: ${target.run(decodeHex(values.input) ?? new Uint8Array(0))}`);
    continue;
  }
  try {
    const report = fuzz(target, { seed: Number(values.seed), count: Number(values.count) });
    const rate = Math.round(report.executions / report.seconds);
    console.log(`${target.name}: ${report.executions} inputs, ${rate}/s, corpus ${report.corpus}`);
    for (const [outcome, times] of report.outcomes) console.log(`    ${times}\t${outcome}`);
  } catch (error) {
    if (!(error instanceof FuzzCrash)) throw error;
    console.log(error.message);
    process.exitCode = 1;
  }
}
