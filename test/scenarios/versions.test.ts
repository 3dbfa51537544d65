import { describe, expect, test } from 'vitest';
import type { TrustRecord } from '../../src/directory/index.ts';
import type { SimulatedHome } from '../../src/testing/index.ts';
import {
  BOTH,
  friends,
  pass,
  progress,
  reasons,
  record,
  states,
  strangers,
  texts,
  undelivered,
} from './friends.ts';

// Versions only rise (spec/02). There is one yet: a second is claimed by READY, or remembered by a home.

const claiming = (claims: Readonly<Record<string, number>>) => ({
  settingsOf: (name: string) => ({ versionMax: claims[name] ?? 1 }),
});

/** A home that a newer program has used. */
function rewritten(home: SimulatedHome, minVersion: number): SimulatedHome {
  const raised = ({ pin, ...rest }: TrustRecord): TrustRecord => ({
    ...rest,
    ...(pin ? { pin: { ...pin, minVersion } } : {}),
  });
  return { ...home, records: home.records.map(raised) };
}

describe('READY says the highest version', () => {
  test.each(['friends', 'strangers'] as const)(
    'both speak 2 and the connection 1: nothing of it counts on either side (%s)',
    (kind) => {
      const options = { seed: 1, ...claiming({ alice: 2, bob: 2 }) };
      const { world, alice, bob } = kind === 'friends' ? friends(options) : strangers(options);
      alice.send('bob', 'hello');
      bob.send('alice', 'hello');
      pass(world, 60_000);
      expect([texts(alice), texts(bob), undelivered(alice), undelivered(bob)]).toEqual([[], [], 1, 1]);
      expect(reasons(alice)).toContain('version-downgrade');
      // Nobody need act here for the other side to get a newer program.
      expect(progress(alice, 'bob')).toMatchObject({ held: false, nextTryWall: expect.any(Number) });
      expect(states(alice)).not.toContain('delivered');
      expect([record(alice)?.pin?.minVersion ?? 1, record(bob)?.pin?.minVersion ?? 1]).toEqual([1, 1]);
    },
  );

  test('one of them speaks 2: version 1 is the best of both, and stays the lowest', () => {
    const { world, alice, bob } = friends({ seed: 2, ...claiming({ alice: 2 }) });
    alice.send('bob', 'hello');
    bob.send('alice', 'hello');
    pass(world, 60_000);
    expect([texts(alice), texts(bob)]).toEqual([['hello'], ['hello']]);
    expect([record(alice)?.pin?.minVersion, record(bob)?.pin?.minVersion]).toEqual([1, 1]);
  });
});

describe('a home that has spoken version 2', () => {
  function olderAgain(seed: number) {
    const pair = friends({ seed });
    pair.bob.restart(BOTH, rewritten(pair.bob.home, 2));
    return pair;
  }

  test('does not dial with less, and says why', () => {
    const { world, bob } = olderAgain(3);
    let dials = 0;
    world.onPipe = () => void dials++;
    bob.send('alice', 'hello');
    pass(world, 600_000);
    expect([dials, reasons(bob)]).toEqual([0, ['version-downgrade']]);
    expect(progress(bob, 'alice')).toMatchObject({
      held: true,
      reason: { message: expect.stringContaining('newer Sotto') },
    });
  });

  test('takes no session with less, as if it knew nobody', () => {
    const { world, alice, bob } = olderAgain(4);
    alice.send('bob', 'hello');
    pass(world, 20_000);
    expect([texts(bob), reasons(alice)[0]]).toEqual([[], 'not-proven']);
    expect(bob.failures.map(({ code }) => code)).toContain('handshake-decrypt');
  });

  test('takes no enrol of the same key either, in a repair window', () => {
    const { world, alice, bob } = olderAgain(5);
    const before = bob.home.records;
    bob.command((commands, now) => commands.openRepair('alice', now));
    alice.command((commands, now) => commands.openRepair('bob', now));
    alice.send('bob', 'hello');
    pass(world, 300_000);
    expect([texts(bob), reasons(alice)]).toEqual([[], expect.arrayContaining(['password-mismatch'])]);
    expect(bob.home.records[0]?.pin?.psk.reveal()).toEqual(before[0]?.pin?.psk.reveal());
  });
});
