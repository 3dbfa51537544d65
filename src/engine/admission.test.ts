import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { directoryFor } from '../testing/index.ts';
import {
  Admission,
  UNPROVEN_KEPT,
  UNPROVEN_MAX,
  UNPROVEN_OF_ADDRESS_IN_ALL,
  UNPROVEN_OF_ADDRESS_MAX,
} from './admission.ts';
import { AddressBuckets } from './buckets.ts';
import type { LinkId } from './types.ts';

const STRANGERS_MAX = UNPROVEN_MAX - UNPROVEN_KEPT;
/** The address of everybody in the directory. */
const FRIEND = '127.0.0.1';

function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A door with a clock of its own, and everybody who is inside. */
class Door {
  readonly admission: Admission;
  readonly inside = new Map<LinkId, string>();
  now = 0;
  #next = 1;

  constructor(seed = 1) {
    const directory = directoryFor([
      { username: 'bob', port: 7001 },
      { username: 'alice', port: 7002 },
    ]);
    this.admission = new Admission(directory, seeded(seed));
  }

  knock(address: string): LinkId | undefined {
    const link = this.#next++ as LinkId;
    const mayEnter = this.admission.mayEnter(address, this.now);
    const admitted = this.admission.admit(link, address, this.now);
    if (admitted.isLetIn !== mayEnter) throw new Error('the doorkeeper said otherwise');
    if (!admitted.isLetIn) return undefined;
    if (admitted.evicted !== undefined && !this.inside.delete(admitted.evicted))
      throw new Error('somebody who is not inside was evicted');
    this.inside.set(link, address);
    return link;
  }
  speak(link: LinkId, isKeyKnown: boolean): void {
    this.admission.answered(link, isKeyKnown, this.now);
  }
  leave(link: LinkId): void {
    this.inside.delete(link);
    this.admission.closed(link);
  }
  strangers(): number {
    return [...this.inside.values()].filter((address) => address !== FRIEND).length;
  }
  of(address: string): number {
    return [...this.inside.values()].filter((each) => each === address).length;
  }
}

const stranger = (index: number): string => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;

describe('places before the proof', () => {
  test('an address has four; a fifth takes the place of one of them that has said nothing (NET-04)', () => {
    const door = new Door();
    const first = Array.from({ length: 4 }, () => door.knock(stranger(1)));
    expect(first).not.toContain(undefined);
    const fifth = door.knock(stranger(1));
    expect(fifth).toBeDefined();
    expect(door.of(stranger(1))).toBe(UNPROVEN_OF_ADDRESS_MAX);
    expect(door.inside.has(fifth!)).toBe(true);
  });

  test('four enrols of one address that were answered keep their places, and a fifth is not let in (NET-04)', () => {
    const door = new Door();
    for (let i = 0; i < 4; i++) door.speak(door.knock(stranger(1))!, false);
    expect(door.knock(stranger(1))).toBeUndefined();
    expect(door.knock(stranger(2))).toBeDefined();
  });

  test('a good session message 1 gives the address its place back, but not the place in the whole (NET-04)', () => {
    const door = new Door();
    for (let i = 0; i < 8; i++) door.speak(door.knock(stranger(1))!, true);
    expect(door.of(stranger(1))).toBe(8);
    expect(door.admission.unproven).toBe(8);
  });

  test('one address holds 16 places at most, whatever it has shown: neither a contact’s nor a stranger’s can take those of all (NET-05)', () => {
    for (const address of [FRIEND, stranger(1)]) {
      const door = new Door();
      for (let i = 0; i < 100; i++) {
        const link = door.knock(address);
        if (link !== undefined) door.speak(link, true);
        door.now += 100;
      }
      expect(door.of(address)).toBe(UNPROVEN_OF_ADDRESS_IN_ALL);
      expect(door.knock(stranger(2))).toBeDefined();
    }
  });

  test('who was evicted gets no answer to what it had said by then (CRY-14)', () => {
    const door = new Door();
    for (let i = 0; i < STRANGERS_MAX; i++) door.knock(stranger(i));
    const before = [...door.inside.keys()];
    door.knock(stranger(1_000));
    const evicted = before.find((link) => !door.inside.has(link))!;
    expect(door.admission.mayAnswer(evicted, door.now)).toBe(false);
    door.leave(evicted);
  });

  test('strangers have 48; a random silent one makes room, nobody else (NET-05)', () => {
    const door = new Door();
    for (let i = 0; i < STRANGERS_MAX; i++) expect(door.knock(stranger(i))).toBeDefined();
    const answered = [...door.inside.keys()].slice(0, 20);
    for (const link of answered) door.speak(link, false);
    for (let i = 0; i < 500; i++) {
      door.now += 2;
      expect(door.knock(stranger(1_000 + i))).toBeDefined();
    }
    expect(door.inside.size).toBe(STRANGERS_MAX);
    expect(answered.filter((link) => !door.inside.has(link))).toEqual([]);
  });

  test('strangers take places of strangers 50 times at once and 500 times in a second; known addresses are not counted (NET-05)', () => {
    const door = new Door();
    const letIn = (from: number, count: number): number =>
      Array.from({ length: count }, (_, i) => door.knock(stranger(from + i))).filter(
        (link) => link !== undefined,
      ).length;
    expect(letIn(0, 1_000)).toBe(STRANGERS_MAX + 50);
    door.now += 100;
    expect(letIn(1_000, 1_000)).toBe(50);
    for (let i = 0; i < 30; i++) expect(door.knock(FRIEND)).toBeDefined();
  });

  test('who makes room is random, not the oldest or the newest (NET-05)', () => {
    const victims = new Set<number>();
    for (let seed = 0; seed < 200; seed++) {
      const door = new Door(seed * 7_919);
      const links = Array.from({ length: STRANGERS_MAX }, (_, i) => door.knock(stranger(i))!);
      door.knock(stranger(1_000));
      victims.add(links.findIndex((link) => !door.inside.has(link)));
    }
    expect(victims.size).toBeGreaterThan(30);
  });

  test('16 are kept for addresses of the directory, whatever strangers do (NET-05)', () => {
    const door = new Door();
    for (let i = 0; i < STRANGERS_MAX; i++) door.speak(door.knock(stranger(i))!, true);
    expect(door.knock(stranger(999))).toBeUndefined();
    for (let i = 0; i < UNPROVEN_KEPT; i++) {
      const friend = door.knock(FRIEND);
      expect(friend).toBeDefined();
      door.speak(friend!, true);
    }
    expect(door.inside.size).toBe(UNPROVEN_MAX);
    expect(door.knock(FRIEND)).toBeUndefined();
  });

  test('a stranger takes the place of a stranger only, also where known addresses have more than their 16 (NET-05)', () => {
    const door = new Door();
    const friends = Array.from({ length: 20 }, (_, i) => `192.0.2.${i}`);
    for (const [i, address] of friends.entries()) {
      door.admission.proven(door.knock(address)!, `friend-${i}`, address);
    }
    door.inside.clear();
    for (const address of friends) door.knock(address);
    for (let i = 0; i < 500; i++) {
      door.knock(stranger(i));
      door.now += 2;
    }
    expect(friends.filter((address) => door.of(address) === 0)).toEqual([]);
    expect(door.inside.size).toBe(UNPROVEN_MAX);
  });

  test('the address where a contact proved itself last is known, until the contact is removed (NET-05)', () => {
    const door = new Door();
    const roaming = '192.0.2.77';
    door.admission.proven(door.knock(roaming)!, 'alice', roaming);
    for (let i = 0; i < STRANGERS_MAX; i++) door.speak(door.knock(stranger(i))!, true);
    expect(door.knock(roaming)).toBeDefined();
    door.admission.useDirectory(directoryFor([{ username: 'bob', port: 7001 }]));
    expect(door.knock(roaming)).toBeUndefined();
  });

  test('whatever comes and goes: no bound is ever exceeded, and a known address gets in while it has a place (NET-05)', () => {
    const step = fc.tuple(fc.constantFrom('knock', 'friend', 'enrol', 'session', 'leave'), fc.nat(40));
    fc.assert(
      fc.property(fc.nat(), fc.array(step, { maxLength: 400 }), (seed, steps) => {
        const door = new Door(seed);
        let friendsLockedOut = 0;
        for (const [what, index] of steps) {
          door.now += 60;
          const link = [...door.inside.keys()][index % Math.max(1, door.inside.size)];
          if (what === 'knock') door.knock(stranger(index));
          else if (what === 'friend')
            friendsLockedOut += door.of(FRIEND) === 0 && !door.knock(FRIEND) ? 1 : 0;
          else if (link !== undefined && what === 'leave') door.leave(link);
          else if (link !== undefined) door.speak(link, what === 'session');
          expect(door.inside.size).toBe(door.admission.unproven);
          expect(door.inside.size).toBeLessThanOrEqual(UNPROVEN_MAX);
          expect(door.strangers()).toBeLessThanOrEqual(STRANGERS_MAX);
        }
        expect(friendsLockedOut).toBe(0);
        for (const left of door.inside.keys()) door.leave(left);
        expect(door.admission.unproven).toBe(0);
      }),
    );
  });
});

describe('how often', () => {
  test('an address has 40 at once and then 20 in a second; others are not its concern (NET-04)', () => {
    const door = new Door();
    const knocks = (count: number): number =>
      Array.from({ length: count }, () => door.knock(stranger(1))).filter((link) => link !== undefined)
        .length;
    expect(knocks(100)).toBe(40);
    expect(door.knock(stranger(2))).toBeDefined();
    door.now += 1_000;
    expect(knocks(100)).toBe(20);
    door.now += 60_000;
    expect(knocks(100)).toBe(40);
  });

  test('who proves itself is not counted: a contact may come back a thousand times in a second', () => {
    const door = new Door();
    for (let i = 0; i < 1_000; i++) {
      const link = door.knock(FRIEND);
      expect(link).toBeDefined();
      door.admission.proven(link!, 'alice', FRIEND);
      door.inside.delete(link!);
    }
  });

  test('the table of addresses has a bound, and a full one locks out nobody (NET-05)', () => {
    const buckets = new AddressBuckets();
    for (let i = 0; i < 20_000; i++) expect(buckets.take(stranger(i), 0)).toBe(true);
    expect(buckets.size).toBe(4_096);
    for (let i = 0; i < 40; i++) buckets.take(stranger(1), 0);
    expect(buckets.take(stranger(1), 0)).toBe(false);
    for (let i = 0; i < 4_095; i++) buckets.take(stranger(30_000 + i), 0);
    expect(buckets.take(stranger(1), 0)).toBe(false);
  });

  test('strangers get 16 answers at once and 50 in a second; known addresses are not counted among them (CRY-14)', () => {
    const door = new Door();
    const answers = (from: number): number => {
      let count = 0;
      for (let i = from; i < from + 200; i++) {
        const link = door.knock(stranger(i))!;
        if (door.admission.mayAnswer(link, door.now)) {
          door.speak(link, false);
          count++;
        }
        door.leave(link);
      }
      return count;
    };
    expect(answers(0)).toBe(16);
    door.now += 200;
    expect(answers(200)).toBe(10);
    const friend = door.knock(FRIEND)!;
    expect(door.admission.mayAnswer(friend, door.now)).toBe(true);
  });

  test('of junk 40 are looked at at once and 400 in a second, and they take no answer away (CRY-14)', () => {
    const door = new Door();
    const looks = (from: number): number => {
      let count = 0;
      for (let i = from; i < from + 500; i++) {
        const link = door.knock(stranger(i))!;
        if (door.admission.mayAnswer(link, door.now)) count++;
        door.leave(link);
      }
      return count;
    };
    expect(looks(0)).toBe(40);
    door.now += 50;
    expect(looks(500)).toBe(20);
    door.now += 10;
    const link = door.knock(stranger(1_000))!;
    expect(door.admission.mayAnswer(link, door.now)).toBe(true);
  });
});
