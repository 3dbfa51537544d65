// The whole command line in a real terminal, over a fake chat. SIGUSR2 lets a message arrive: the one in FAKE_INCOMING. How it
// ended is printed, and written to the file FAKE_REPORT: a terminal may be gone by then.
import { writeFileSync } from 'node:fs';
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
services.chat.drafts.set('carol', 'half a thought');
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
const report = [
  ...services.chat.sent.map(({ to, text }) => `sent ${to} ${JSON.stringify(text)}`),
  ...[...services.chat.drafts].map(([name, text]) => `draft ${name} ${JSON.stringify(text)}`),
  ...[...services.chat.readUpTo].map(([name, upTo]) => `read ${name} ${upTo}`),
  `exit=${process.exitCode}`,
];
for (const line of report) process.stdout.write(`${line}\n`);
const file = process.env['FAKE_REPORT'];
if (file !== undefined) writeFileSync(file, report.join('\n'));
process.removeAllListeners('SIGUSR2');
