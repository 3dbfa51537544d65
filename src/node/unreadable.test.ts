import { expect, test } from 'vitest';
import { CodedError } from '../base/index.ts';
import type { Change, Engine, EngineInput, EngineOutput, LinkId } from '../engine/index.ts';
import { MemoryStore } from '../testing/index.ts';
import type { Links } from './links.ts';
import { Trace } from './trace.ts';
import { TurnLoop } from './turn-loop.ts';

const LINK = 1 as LinkId;
const change: Change = { type: 'reached-us', peer: 'bob', atWall: 1 };

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
