// One end of one contender, in a process of its own: node child.ts server|client <contender> <folder>
import { once } from 'node:events';
import { CONTENDERS } from './contenders/index.ts';
import type { Contender } from './contender.ts';
import type { FromChild, ToClient, ToServer } from './messages.ts';
import { SCENARIOS } from './scenarios.ts';

/** A scenario takes a few seconds. */
const SCENARIO_MS = 30_000;

async function serve(contender: Contender, folder: string): Promise<void> {
  const server = await contender.serve(folder);
  process.on('message', ({ type }: ToServer) => {
    if (type === 'read-cpu') tell({ type: 'cpu', microseconds: cpuTime() });
    else void server.close().finally(() => process.exit());
  });
  tell({ type: 'listening', address: server.address });
}

async function beClient(contender: Contender, folder: string): Promise<void> {
  tell({ type: 'ready' });
  const [{ address, scenarios, effort }] = (await once(process, 'message')) as [ToClient];
  const client = await contender.startClient(folder, address);
  const mark = (): void => tell({ type: 'mark' });
  const figures: Record<string, number> = {};
  for (const scenario of scenarios) {
    const timer = setTimeout(() => giveUp(scenario), SCENARIO_MS);
    Object.assign(figures, await SCENARIOS[scenario]?.({ client, effort, mark }));
    clearTimeout(timer);
  }
  await client.close();
  process.send?.({ type: 'figures', figures } satisfies FromChild, () => process.exit());
}

/** Whatever waits for something that never comes is named, and fails alone. */
function giveUp(scenario: string): never {
  throw new Error(`“${scenario}” did not end in ${SCENARIO_MS} ms`);
}
function tell(message: FromChild): void {
  process.send?.(message);
}
function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

// Nobody is left behind when the parent is interrupted.
process.once('disconnect', () => process.exit());
const [end, name = '', folder = ''] = process.argv.slice(2);
const contender = await CONTENDERS[name]?.();
if (!contender) throw new Error(`no contender is called ${name}`);
if (end === 'server') await serve(contender, folder);
else await beClient(contender, folder);
