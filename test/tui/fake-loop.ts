// The whole command line in a real terminal, over a fake chat. SIGUSR2 lets a message arrive: the one in FAKE_INCOMING.
import { runCli } from '../../src/cli/index.ts';
import { createFakeServices, incoming } from '../../src/testing/fake-chat.ts';
import { contactLike } from '../cli/contacts.ts';

const belated = JSON.parse(process.env['FAKE_BELATED'] ?? '[]') as string[];
const services = createFakeServices({
  contacts: [contactLike('bob', ''), contactLike('bobby', ''), contactLike('carol', 'away')],
  events: belated.map((text, i) => ({
    ...incoming('bob', text, `01910000-0000-7000-8000-${String(i).padStart(12, '0')}` as never),
    isBelated: true,
  })),
});
services.files.set('/directory.json', []);
const arriving = JSON.parse(process.env['FAKE_INCOMING'] ?? '["hello"]') as string[];
process.on('SIGUSR2', () => {
  const text = arriving.shift();
  // An event that no face knows: showing it is a bug.
  if (text?.startsWith('DISK ')) disk(text === 'DISK FULL');
  else if (text === 'BUG') services.chat.emit({ type: 'bug' } as never);
  else if (text === 'KEY')
    services.chat.emit({
      type: 'key-pending',
      name: 'bob',
      oldSafetyNumber: '00001'.repeat(12),
      newSafetyNumber: '00002'.repeat(12),
    });
  else if (text !== undefined) services.chat.receive('bob', text);
});

function disk(isFull: boolean): void {
  const reason = { code: 'disk-full', message: 'the disk is full' } as const;
  services.chat.disk = isFull ? reason : undefined;
  services.chat.emit(isFull ? { type: 'trouble', reason } : { type: 'disk-recovered' });
}

process.exitCode = await runCli({
  version: '0.0.0',
  argv: process.argv.slice(2),
  env: process.env,
  services: async () => services,
  stdio: process,
  signals: process,
});
for (const { to, text } of services.chat.sent) process.stdout.write(`sent ${to} ${JSON.stringify(text)}\n`);
process.stdout.write(`exit=${process.exitCode}\n`);
process.removeAllListeners('SIGUSR2');
