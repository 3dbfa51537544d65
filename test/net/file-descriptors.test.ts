import { expect, test } from 'vitest';
import { startListening, startSotto } from './sotto-process.ts';
import { openTown } from './town.ts';
import { until } from './until.ts';
import { dialRaw } from './wire-socket.ts';

test('a program that runs out of file descriptors goes on, and hears its friends once there are some again (NET-07)', async () => {
  await using town = await openTown(['alice', 'bob']);
  await using bob = await startListening(town, 'bob');
  await using met = startSotto(town, 'alice', ['send', 'bob', 'before']);
  expect(await met.exitCode()).toBe(0);
  const most = bob.openFiles + 8;
  bob.limitFiles(most);

  // The kernel finishes these connections whether or not the program can take them.
  const strangers = await Promise.all(Array.from({ length: 40 }, async () => dialRaw(town.port('bob'))));
  await until('all descriptors are taken', () => bob.openFiles >= most - 1);
  for (const wire of strangers) wire[Symbol.dispose]();

  await using friend = startSotto(town, 'alice', ['send', 'bob', 'after', '--timeout', '60']);
  expect(await friend.exitCode()).toBe(0);
  await bob.says('after', 'stdout');
});
