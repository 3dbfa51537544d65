// One program in a network namespace: takes texts as JSON lines, tells what became of them.
import { createInterface } from 'node:readline';
import { openChat } from '../../src/node/index.ts';

const [directory = '', home = '', as = '', port = '', bind = ''] = process.argv.slice(2);
const say = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

const chat = await openChat({ directory, home, as, port: Number(port), bind: [bind], mode: 'listen' }, {});
const texts = new Map<string, string>();

createInterface({ input: process.stdin }).on('line', (line) => {
  const { to, text } = JSON.parse(line) as { readonly to: string; readonly text: string };
  void chat.sendText({ to, text }).then((id) => texts.set(id, text));
});
process.stdin.on('end', () => void chat.close());

say({ type: 'listening' });
for await (const event of chat.events()) {
  if (event.type === 'message-received')
    say({ type: 'received', from: event.from, text: event.text.exact() });
  if (event.type === 'contact-connected' || event.type === 'contact-disconnected')
    say({ type: event.type, name: event.name });
  if (event.type !== 'message-progress') continue;
  // A first progress may come before `sendText` has told us the id.
  await Promise.resolve();
  const { state } = event.progress;
  const reason = 'reason' in event.progress ? event.progress.reason?.code : undefined;
  say({ type: 'progress', to: event.to, text: texts.get(event.id) ?? '', state, reason });
}
