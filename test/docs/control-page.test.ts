import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as limits from '../../src/control/limits.ts';
import { METHODS } from '../../src/control/server/methods.ts';
import { serveHome } from '../control/served.ts';
import { until } from '../net/until.ts';
import { withMethods } from './control-page.ts';
import { openRpcDocument } from './openrpc.ts';

const docs = join(import.meta.dirname, '../../docs');
const page = readFileSync(join(docs, 'control.md'), 'utf8');

test('docs/openrpc.json is made of the schemas by which requests are checked: “npm run docs” makes it', () => {
  expect(JSON.parse(readFileSync(join(docs, 'openrpc.json'), 'utf8'))).toEqual(
    JSON.parse(JSON.stringify(openRpcDocument())),
  );
});

test('docs/control.md lists every method with its params', () => {
  expect(page).toBe(withMethods(page));
  expect(page).toContain('| `outbox.resend` | `to`, `since` |');
});

test('every param and every method is described in the document', () => {
  const { methods } = openRpcDocument() as {
    readonly methods: readonly {
      readonly name: string;
      readonly summary: string;
      readonly params: readonly { readonly name: string; readonly description?: string }[];
    }[];
  };
  expect(methods.map(({ name }) => name)).toEqual(Object.keys(METHODS));
  const mute = methods.flatMap(({ name, summary, params }) => [
    ...(summary.endsWith('.') ? [] : [name]),
    ...params.filter(({ description = '' }) => description === '').map((param) => `${name}.${param.name}`),
  ]);
  expect(mute).toEqual([]);
});

test('the client of docs/control.md, which is in another language, answers a message', async () => {
  const code = [...page.matchAll(/^```python\n(.*?)^```$/gms)].map(([, each]) => each).join('');
  const called = [...code.matchAll(/\.call\("(\w+)"/g)].map(([, name]) => name);
  expect(called).toEqual(['listen', 'reply']);
  expect(Object.keys(METHODS)).toEqual(expect.arrayContaining(called));
  // Where there is no Python, more cannot be said.
  const python = ['/usr/bin/python3', '/usr/local/bin/python3'].find((path) => existsSync(path));
  if (python === undefined) return;
  await using home = await serveHome();
  const running = spawn(python, ['-c', code, home.path], { stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    await until('it listens', () => home.chat.listeners === 1);
    home.chat.receive('carol', 'grüß dich');
    await until('it answers', () => home.chat.sent.length === 1);
    expect(home.chat.sent).toMatchObject([{ to: 'carol', text: 'you said: grüß dich' }]);
  } finally {
    running.kill();
  }
});

test('the limits that docs/control.md tells are those in force', () => {
  const said = (limit: string): string =>
    new RegExp(`^\\| ${limit} \\| (.*) \\|$`, 'm').exec(page)?.[1]?.replaceAll(',', '') ?? '';
  const MIB = 1024 ** 2;
  expect(said('a line')).toMatch(new RegExp(`^${limits.REQUEST_BYTES_MAX / MIB} MiB`));
  expect(said('a batch')).toMatch(
    new RegExp(`^${limits.BATCH_MAX} requests; .* ${limits.BATCH_ANSWER_BYTES_MAX / MIB} MiB`),
  );
  expect(said('requests under way')).toMatch(new RegExp(`^${limits.REQUESTS_MAX} `));
  expect(said('texts that are waited for')).toMatch(new RegExp(`^${limits.WAITS_MAX} `));
  expect(said('subscriptions')).toMatch(new RegExp(`^${limits.SUBSCRIPTIONS_MAX} `));
  expect(said('unread answers and events')).toMatch(
    new RegExp(`^${limits.UNREAD_BYTES_MAX / MIB} MiB.* ${limits.UNREAD_PATIENCE_MS / 1_000} s`),
  );
  expect(said('a screen that says no `seen`')).toMatch(new RegExp(`^${limits.SEEN_PATIENCE_MS / 1_000} s`));
  expect(said('clients')).toMatch(new RegExp(`^${limits.CLIENTS_MAX};`));
  expect(said('memory of all clients')).toMatch(new RegExp(`^${limits.HELD_BYTES_MAX / MIB} MiB`));
  expect(page).toContain(`string of up to ${limits.ID_CHARS_MAX} characters`);
});
