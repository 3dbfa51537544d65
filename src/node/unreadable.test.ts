import { expect, test } from 'vitest';
import { CodedError } from '../base/index.ts';
import type { Change, Engine, EngineInput, EngineOutput, LinkId } from '../engine/index.ts';
import { MemoryStore } from '../testing/index.ts';
import type { Links } from './links.ts';
import { NodeChat } from './node-chat.ts';
import { Trace } from './trace.ts';
import { TurnLoop } from './turn-loop.ts';

const LINK = 1 as LinkId;
const change: Change = { type: 'reached-us', peer: 'bob', atWall: 1 };

/** Has done a part of what it was asked when the disk cannot be read any more; nothing is due, and nobody is connected. */
class HalfDone {
  readonly openLinks = 0;
  readonly commands = { retry: () => this.#fail() };
  #out: EngineOutput[] = [];

  deadline(): undefined {
    return undefined;
  }
  handle(): readonly EngineOutput[] {
    return this.#out.splice(0);
  }
  #fail(): never {
    this.#out.push({ type: 'commit', changes: [change] });
    throw new CodedError({ code: 'home-damaged', message: 'a bad sector' });
  }
}

/** Decides a change and a record at the end of its first turn, and then meets a disk that cannot be read. */
class Decided {
  readonly openLinks = 0;
  readonly inputs: EngineInput['type'][] = [];
  #out: EngineOutput[] = [];
  #isFirst = true;

  deadline(): undefined {
    return undefined;
  }
  handle(input: EngineInput): readonly EngineOutput[] {
    this.inputs.push(input.type);
    if (input.type === 'turn-ended' && this.#isFirst) {
      this.#isFirst = false;
      this.#out.push({ type: 'commit', changes: [change] });
      this.#out.push({ type: 'write', link: LINK, bytes: new Uint8Array([1]) });
      throw new CodedError({ code: 'home-damaged', message: 'a bad sector' });
    }
    return this.takeOutputs();
  }
  takeOutputs(): readonly EngineOutput[] {
    return this.#out.splice(0);
  }
}

test('of a turn that could not read the disk nothing leaves, then or later, and its changes are kept with the next (STO-03)', async () => {
  const engine = new Decided();
  const store = new MemoryStore();
  const committed: Change[] = [];
  const commit = store.commit.bind(store);
  store.commit = (changes) => void (commit(changes), committed.push(...changes));
  const written: LinkId[] = [];
  const told: string[] = [];
  const links = {
    write: (link: LinkId) => void written.push(link),
    flush: () => undefined,
    readOn: () => undefined,
    loseAll: () => void told.push('lost'),
  };
  const loop = new TurnLoop({
    engine: engine as unknown as Engine,
    store,
    links: links as unknown as Links,
    trace: new Trace(undefined, () => undefined),
    publish: ({ type }) => void told.push(type),
    ownChanges: () => [],
    onTurn: () => undefined,
  });
  expect(await loop.committed()).toMatchObject({ code: 'home-damaged' });
  expect([committed, told]).toEqual([[], ['trouble', 'lost']]);
  expect(await loop.committed()).toBeUndefined();
  expect([committed, written]).toEqual([[change], []]);
  loop.stop();
});

test('what a command did before it failed is on the disk with the next turn, which comes by itself (STO-03)', async () => {
  const engine = new HalfDone() as unknown as Engine;
  const store = new MemoryStore();
  const isCommitted = new Promise<readonly Change[]>((resolve) => (store.commit = resolve));
  const links = { flush: () => undefined, readOn: () => undefined };
  const loop = new TurnLoop({
    engine,
    store,
    links: links as unknown as Links,
    trace: new Trace(undefined, () => undefined),
    publish: () => undefined,
    ownChanges: () => [],
    onTurn: () => undefined,
  });
  // Of a chat only these two take part.
  const chat = new NodeChat({ engine, loop } as ConstructorParameters<typeof NodeChat>[0]);
  await expect(chat.retry('bob')).rejects.toMatchObject({ code: 'home-damaged' });
  expect(await isCommitted).toEqual([change]);
  loop.stop();
});
