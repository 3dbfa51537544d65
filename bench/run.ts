import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CONTENDERS } from './contenders/index.ts';
import { runContender } from './run-contender.ts';
import { SCENARIOS, type Effort, type Figures } from './scenarios.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    contenders: { type: 'string' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    'cpu-prof-dir': { type: 'string' },
  },
});

const quick: Effort = { trips: 400, measuredMs: 800, firstContacts: 5 };
const full: Effort = { trips: 2_000, measuredMs: 2_000, firstContacts: 10 };
const scenarios = values.only?.split(',') ?? Object.keys(SCENARIOS);
const contenders = values.contenders?.split(',') ?? Object.keys(CONTENDERS);
const rounds = Number(values.rounds ?? (values.quick ? 1 : 7));
const profileFolder = values['cpu-prof-dir'] === undefined ? undefined : resolve(values['cpu-prof-dir']);
if (profileFolder !== undefined) mkdirSync(profileFolder, { recursive: true });

const results: Record<string, Figures[]> = {};
for (let round = 0; round < rounds; round++) {
  for (let n = 0; n < contenders.length; n++) {
    const contender = contenders[(n + round) % contenders.length] ?? '';
    const figures = await runContender({
      contender,
      scenarios,
      effort: values.quick ? quick : full,
      profileFolder,
    });
    (results[contender] ??= []).push(figures);
    process.stdout.write(`${contender} ${JSON.stringify(figures)}\n`);
  }
}
