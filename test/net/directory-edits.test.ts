import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openRecordingProxy } from './recording-proxy.ts';
import { PROMPT_MS, talkDuring } from './talk.ts';
import { freePorts, openTown } from './town.ts';
import { until } from './until.ts';

// The directory is edited while the program runs.

test('an entry that is removed ends its session and holds what waits for it; put back, it is delivered (DIR-03)', async () => {
  await using town = await openTown(['alice', 'bob', 'carol', 'dave']);
  const [alice, bob] = [await town.open('alice'), await town.open('bob')];
  const friends = [await town.open('carol'), await town.open('dave')];
  await alice.sendDelivered('bob', 'while you are listed');
  const { talk, result } = await talkDuring(alice, friends, async () => {
    await bob.close();
    await alice.event('contact-disconnected', ({ name }) => name === 'bob');
    const waiting = await alice.send('bob', 'waits for you');
    await alice.progress(waiting, (progress) => 'reason' in progress);
    town.write(
      'alice',
      town.entries.filter(({ username }) => username !== 'bob'),
    );
    await alice.event('directory-changed', ({ removed }) => removed.includes('bob'));
    // Held, and said so: the reason is that the entry is gone.
    const said = await alice.progress(
      waiting,
      (progress) => 'reason' in progress && progress.reason.code === 'contact-unknown',
    );
    expect(said).toMatchObject({ held: true });
    const { messages: held } = await alice.chat.outbox({ to: 'bob' });
    expect(held).toMatchObject([{ text: 'waits for you', progress: { held: true } }]);
    await expect(alice.send('bob', 'too late')).rejects.toMatchObject({ code: 'contact-unknown' });
    return waiting;
  });
  expect(talk.slowestMs).toBeLessThan(PROMPT_MS);
  const back = await town.open('bob');
  town.edit('alice', 'bob', {});
  await alice.delivered(result);
  expect(back.texts('alice')).toEqual(['waits for you']);
});

test('an entry that is removed while connected: the session ends on both sides, and a new one is refused (DIR-03)', async () => {
  await using town = await openTown(['alice', 'bob', 'carol', 'dave']);
  const [alice, bob] = [await town.open('alice'), await town.open('bob')];
  const friends = [await town.open('carol'), await town.open('dave')];
  await bob.sendDelivered('alice', 'I am listed');
  const { talk } = await talkDuring(alice, friends, async () => {
    town.write(
      'alice',
      town.entries.filter(({ username }) => username !== 'bob'),
    );
    await alice.event('directory-changed', ({ removed }) => removed.includes('bob'));
    await alice.event('contact-disconnected', ({ name }) => name === 'bob');
    await bob.event('contact-disconnected', ({ name }) => name === 'alice');
    const id = await bob.send('alice', 'am I still?');
    const refused = await bob.progress(id, (progress) => 'reason' in progress);
    expect(refused).toMatchObject({ state: expect.stringMatching(/queued|sent/) as string });
  });
  expect(alice.texts('bob')).toEqual(['I am listed']);
  expect(talk.slowestMs).toBeLessThan(PROMPT_MS);
});

test('a password edit keeps the pin and the session; the next session needs no password (DIR-03)', async () => {
  await using town = await openTown(['alice', 'bob']);
  await town.onlyDials('alice', 'bob');
  const [alice, bob] = [await town.open('alice', { lingerMs: 0 }), await town.open('bob')];
  await alice.sendDelivered('bob', 'one');
  await alice.sendDelivered('bob', 'two');
  expect((await alice.contact('bob'))?.trust).toBe('pinned');
  const before = await alice.chat.safety('bob');
  town.edit('alice', 'bob', { password: 'quite another' });
  town.edit('bob', 'alice', { password: 'also another' });
  await alice.event('directory-changed', ({ changed }) => changed.includes('bob'));
  await bob.event('directory-changed', ({ changed }) => changed.includes('alice'));
  await alice.sendDelivered('bob', 'three');
  await bob.sendDelivered('alice', 'four');
  expect(await alice.chat.safety('bob')).toEqual(before);
  expect(alice.all('key-pending')).toEqual([]);
});

test('a changed port is dialled, also by what already waits (DIR-03)', async () => {
  await using town = await openTown(['alice', 'bob', 'carol', 'dave']);
  await town.onlyDials('alice', 'bob');
  const alice = await town.open('alice');
  const friends = [await town.open('carol'), await town.open('dave')];
  const first = await town.open('bob');
  await alice.sendDelivered('bob', 'at the old place');
  await first.close();
  const { talk } = await talkDuring(alice, friends, async () => {
    const waiting = await alice.send('bob', 'at the new place');
    await alice.progress(waiting, (progress) => 'reason' in progress && progress.reason.code === 'refused');
    const [port = 0] = await freePorts(1);
    const moved = await town.open('bob', { port });
    town.edit('alice', 'bob', { port });
    await alice.delivered(waiting);
    expect(moved.texts('alice')).toEqual(['at the new place']);
  });
  expect(talk.slowestMs).toBeLessThan(PROMPT_MS);
});

test('a broken edit is told with its place and the last good one stays in force; the next good one comes into force (DIR-01, DIR-02)', async () => {
  await using town = await openTown(['alice', 'bob', 'carol']);
  await town.onlyDials('alice', 'bob');
  const [alice, bob] = [await town.open('alice', { lingerMs: 0 }), await town.open('bob')];
  const good = JSON.stringify(town.entries);
  const broken = {
    'half a file': good.slice(0, good.length / 2),
    nothing: '',
    'an object instead of a list': '{}',
    'a port beyond all ports': good.replace(/"port":\d+/, '"port":70000'),
    'a trailing comma': good.replace(/\]$/, ',]'),
    'half a character': `${good.slice(0, 20)}\u{fffd}\0${good.slice(20)}`,
    'more than 1 MiB': `${good}${' '.repeat(1_048_576)}`,
    'a name twice': JSON.stringify([...town.entries, town.entry('bob')]),
  };
  await alice.sendDelivered('bob', 'before');
  for (const [what, content] of Object.entries(broken)) {
    const before = alice.all('directory-rejected').length;
    town.write('alice', content);
    await until(`${what} is rejected`, () => alice.all('directory-rejected').length > before);
    const problems = alice.all('directory-rejected').at(-1)?.problems ?? [];
    expect(problems.length, what).toBeGreaterThan(0);
    expect(JSON.stringify(problems), what).toMatch(/line|empty|list|MiB/);
    await alice.sendDelivered('bob', what);
  }
  expect(alice.all('directory-changed')).toEqual([]);
  await using proxy = await openRecordingProxy(town.port('bob'));
  town.edit('alice', 'bob', { port: proxy.port });
  await alice.event('directory-changed', ({ changed }) => changed.includes('bob'));
  await alice.sendDelivered('bob', 'after');
  expect(proxy.recordings).toHaveLength(1);
  expect(bob.texts('alice')).toEqual(['before', ...Object.keys(broken), 'after']);
});

test('an edit that is written in pieces, as some editors do, comes into force once it is whole (DIR-02)', async () => {
  await using town = await openTown(['alice', 'bob']);
  const [alice, bob] = [await town.open('alice'), await town.open('bob')];
  const added = [...town.entries, { username: 'dave', password: 'pw-dave', port: 9, ip: '127.0.0.1' }];
  const text = JSON.stringify(added);
  for (let length = 0; length < text.length; length += 40) town.write('alice', text.slice(0, length));
  town.write('alice', text);
  await alice.event('directory-changed', (event) => event.added.includes('dave'));
  expect((await alice.chat.contacts()).map(({ name }) => name)).toEqual(['bob', 'dave']);
  await bob.sendDelivered('alice', 'still here');
});

test('a file that is gone, or is no regular file any more, is told; the last good one stays in force (DIR-01)', async () => {
  await using town = await openTown(['alice', 'bob']);
  const [alice, bob] = [await town.open('alice', { lingerMs: 0 }), await town.open('bob')];
  const path = town.path('alice');
  const places: Readonly<Record<string, () => void>> = {
    'a folder': () => mkdirSync(path),
    'a FIFO, which nobody writes': () => void execFileSync('mkfifo', [path]),
    'a link to a device': () => symlinkSync('/dev/zero', path),
    'a link to itself': () => symlinkSync(path, path),
  };
  for (const [what, put] of Object.entries(places)) {
    const before = alice.all('directory-rejected').length;
    renameSync(path, `${path}.away`);
    put();
    await until(`${what} is rejected`, () => alice.all('directory-rejected').length > before);
    await alice.sendDelivered('bob', what);
    rmSync(path, { recursive: true });
    await until('its absence is told', () =>
      alice
        .all('directory-rejected')
        .at(-1)
        ?.problems.some(({ code }) => code === 'directory-missing'),
    );
    await alice.sendDelivered('bob', `nothing in place of ${what}`);
    renameSync(`${path}.away`, path);
  }
  town.write(
    'alice',
    town.entries.filter(({ username }) => username !== 'bob'),
  );
  await alice.event('directory-changed', ({ removed }) => removed.includes('bob'));
  expect(bob.texts('alice')).toHaveLength(2 * Object.keys(places).length);
});

test('an own port that is edited, and a file that is opened to others, are said while the program runs (DIR-03, DIR-05)', async () => {
  await using town = await openTown(['alice', 'bob']);
  const alice = await town.open('alice');
  const [port = 0] = await freePorts(1);
  town.edit('alice', 'alice', { port });
  const moved = await alice.event('trouble', ({ reason }) => reason.code === 'own-entry');
  expect(moved.reason.hint).toContain(`--port ${port}`);
  chmodSync(town.path('alice'), 0o644);
  const opened = await alice.event('trouble', ({ reason }) => reason.code === 'directory-unsafe');
  expect(opened.reason.hint).toContain('chmod 600');
});
