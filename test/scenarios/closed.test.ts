import { expect, test } from 'vitest';
import { fastSeededEntropy } from '../../src/testing/entropy.ts';
import { World, type SimulatedNode } from '../../src/testing/index.ts';
import { canTalk, friends, pass, people, reasons, strangers, texts } from './friends.ts';
import { Guesser, PAKE2_FRAME, targetOf, type Outcome } from './guesser.ts';

// The option `closed` (spec/08): strangers get nothing, and those who know each other notice nothing.

const CLOSED = { settingsOf: (name: string) => ({ isEnrolClosed: name === 'bob' }) };
const NOTHING: Outcome['seen'] = ['release enrol-closed'];

function guesserAt(bob: SimulatedNode): Guesser {
  return new Guesser(targetOf(bob), 'bob', fastSeededEntropy(99));
}

test('a stranger gets not one byte, though he knows both passwords, and his message is held for later', () => {
  const { world, alice, bob } = strangers({ seed: 1, ...CLOSED });
  alice.send('bob', 'hello');
  pass(world, 60_000);
  expect([texts(bob), reasons(alice)]).toEqual([[], ['not-proven']]);
  expect(bob.failures.map(({ code }) => code)).toContain('enrol-closed');
  expect(guesserAt(bob).guess({ as: 'alice' }).seen).toEqual(NOTHING);
  expect(bob.home.guesses, 'and nothing is charged').toBeUndefined();
});

test('whoever is closed still calls others for the first time', () => {
  const { world, alice, bob } = strangers({ seed: 2, ...CLOSED });
  bob.send('alice', 'hello');
  pass(world, 60_000);
  expect(texts(alice)).toEqual(['hello']);
});

test('those who have met talk as ever', () => {
  expect(canTalk(friends({ seed: 3, ...CLOSED }))).toBe(true);
});

test('a repair window is open for its name and its key alone, until it ends', () => {
  const { world, alice, bob } = friends({ seed: 4, ...CLOSED });
  const rights = { own: 'pw-alice', peer: 'pw-bob' };
  bob.command((commands, now) => commands.openRepair('alice', now));
  const guesser = guesserAt(bob);
  const another = guesser.guess({ as: 'alice', passwords: rights, address: '192.0.2.1' });
  expect(another.seen, 'another key runs like an unknown name').toContain(`write ${PAKE2_FRAME}`);
  expect(bob.home.records[0]?.pending, 'and proves nothing').toBeUndefined();
  const right = { passwords: rights, keys: alice.keys, address: '192.0.2.2' };
  expect(guesser.guess({ as: 'alice', ...right }).seen).toContain('commit trust');
  expect(guesser.guess({ as: 'alice', ...right }).seen, 'the window is used up').toEqual(NOTHING);
  bob.command((commands, now) => commands.openRepair('alice', now));
  pass(world, 600_000);
  expect(guesser.guess({ as: 'alice', ...right }).seen, 'or over').toEqual(NOTHING);
});

test('a pending key may prove itself again, and nobody else meanwhile', () => {
  const names = ['alice', 'bob', 'carol'];
  const world = new World({ seed: 5, ...CLOSED });
  const directory = people({}, names);
  const { home } = friends({ seed: 5 }).bob;
  const bob = world.join('bob', 7002, directory, home);
  const keys = world.newHome().keys;
  bob.restart(directory, {
    ...home,
    records: home.records.map((record) => {
      const { pin } = record;
      return pin ? { ...record, pending: { key: keys.publicKey, psk: pin.psk, sinceWall: 0 } } : record;
    }),
  });
  const guesser = guesserAt(bob);
  const carol = { own: 'pw-carol', peer: 'pw-bob' };
  guesser.guess({ as: 'carol', passwords: carol, address: '192.0.2.1' });
  expect(bob.home.records.map(({ username }) => username)).toEqual(['alice']);
  const waiting = { own: 'pw-alice', peer: 'pw-bob' };
  expect(guesser.guess({ as: 'alice', passwords: waiting, keys, address: '192.0.2.2' }).seen).toContain(
    'commit trust',
  );
});
