// One end of one contender, in a process of its own: node child.ts server|client <contender> <folder>
import { CONTENDERS } from './contenders/index.ts';
import type { Contender } from './contender.ts';
import type { FromChild, ToClient, ToServer } from './messages.ts';
import { SCENARIOS } from './scenarios.ts';

async function serve(contender: Contender, folder: string): Promise<void> {
  const server = await contender.serve(folder);
  process.on('message', async (message: ToServer) => {
    if (message.type === 'read-cpu') return tell({ type: 'cpu', microseconds: cpuTime() });
    await server.close();
    process.exit();
  });
  tell({ type: 'listening', address: server.address });
}

function beClient(contender: Contender, folder: string): void {
  process.once('message', async ({ address, scenarios, effort }: ToClient) => {
    const client = await contender.startClient(folder, address);
    const figures: Record<string, number> = {};
    for (const scenario of scenarios) {
      const mark = (): void => tell({ type: 'mark' });
      Object.assign(figures, await SCENARIOS[scenario]?.({ client, effort, mark }));
    }
    await client.close();
    process.send?.({ type: 'figures', figures } satisfies FromChild, () => process.exit());
  });
  tell({ type: 'ready' });
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
else beClient(contender, folder);
