import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeUtf8 } from '../../src/base/index.ts';
import { createHomeTool } from '../../src/store/index.ts';
import { openTown } from './town.ts';

test('a home lost and restored from a backup: peers send again what came after it, and what is said next arrives (DLV-09)', async () => {
  await using town = await openTown(['alice', 'bob']);
  const bob = await town.open('bob');
  const file = join(town.folder, 'backup');
  {
    await using alice = await town.open('alice');
    await alice.sendDelivered('bob', 'before');
    await bob.sendDelivered('alice', 'before, too');
    await alice.chat.backup({ path: file, passphrase: encodeUtf8('correct horse') });
    for (const text of ['after 1', 'after 2', 'after 3']) await alice.sendDelivered('bob', text);
    await bob.sendDelivered('alice', 'lost 1');
    await bob.sendDelivered('alice', 'lost 2');
  }
  rmSync(town.home('alice'), { recursive: true });
  const restored = await createHomeTool({}).restore({
    from: file,
    passphrase: encodeUtf8('correct horse'),
    home: town.home('alice'),
  });
  expect(restored.username).toBe('alice');

  await using alice = await town.open('alice');
  await alice.sendDelivered('bob', 'from the restored home');
  await alice.hears('lost 2');
  expect(alice.texts('bob')).toEqual(['lost 1', 'lost 2']);
  expect(bob.texts('alice')).toEqual(['before', 'after 1', 'after 2', 'after 3', 'from the restored home']);
  expect(bob.all('peer-restarted')).toEqual([{ type: 'peer-restarted', name: 'alice', isFromCopy: true }]);
  const { entries } = await alice.chat.history({ with: 'bob' });
  const texts = entries.map(({ text }) => text.exact());
  // Which of the two directions comes first is not determined.
  expect(texts.slice(0, 2)).toEqual(['before', 'before, too']);
  expect(texts.slice(2).sort()).toEqual(['from the restored home', 'lost 1', 'lost 2']);
});
