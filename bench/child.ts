// One end of one contender, in a process of its own: node child.ts server|client <contender> <folder>
import { CONTENDERS } from './contenders/index.ts';
import type { Address } from './contender.ts';
import { SCENARIOS, type Effort, type Figures } from './scenarios.ts';

/** What the parent asks a client to do, after the server's address is known. */
export interface Work {
  readonly address: Address;
  readonly scenarios: readonly string[];
  readonly effort: Effort;
}

const [end, name = '', folder = ''] = process.argv.slice(2);
const contender = await CONTENDERS[name]?.();
if (!contender) throw new Error(`no contender is called ${name}`);

if (end === 'server') {
  const server = await contender.serve(folder);
  process.once('message', async () => {
    await server.close();
    process.exit();
  });
  process.send?.(server.address);
} else {
  process.once('message', async (work: Work) => {
    const client = await contender.startClient(folder, work.address);
    const figures: Record<string, number> = {};
    for (const scenario of work.scenarios)
      Object.assign(figures, await SCENARIOS[scenario]?.(client, work.effort));
    await client.close();
    process.send?.(figures satisfies Figures, () => process.exit());
  });
  process.send?.({});
}
