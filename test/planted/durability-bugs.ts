import type { PlantedBug } from './planted-bug.ts';

const TURN_LOOP = 'src/node/turn-loop.ts';
const COMMIT = 'failure ??= this.#commit(outputs);';
const KILL_LOOP = {
  file: 'test/durability/kill-loop.test.ts',
  name: 'killed 200 times, at random and at the n-th fsync or write, two peers lose, repeat and mix up nothing (STO-01, DLV-01, DLV-02, DLV-03, DLV-04)',
};

/** What would lose, repeat or tell too early. */
export const DURABILITY_BUGS: readonly PlantedBug[] = [
  {
    name: 'an ack leaves before the commit of the turn',
    edits: [
      {
        file: TURN_LOOP,
        find: COMMIT,
        replace: `for (const output of outputs) if (output.type === 'write') this.#perform(output);
    this.#links.flush();
    outputs.splice(0, outputs.length, ...outputs.filter((output) => output.type !== 'write'));
    ${COMMIT}`,
      },
    ],
    test: KILL_LOOP,
  },
  {
    name: 'an event is told in the turn before its commit',
    edits: [
      {
        file: TURN_LOOP,
        find: COMMIT,
        replace: `if (outputs.some((output) => output.type === 'event')) {
      for (const output of outputs) if (output.type === 'event') this.#perform(output);
      outputs.splice(0, outputs.length, ...outputs.filter((output) => output.type !== 'event'));
      return this.schedule();
    }
    ${COMMIT}`,
      },
    ],
    test: KILL_LOOP,
  },
  {
    name: 'a message that is there already is shown once more when it comes again',
    edits: [
      {
        file: 'src/protocol/delivery/inbox.ts',
        find: 'if (isRepeat) return success({ ...NOTHING, isRepeat });',
        replace:
          "if (isRepeat) return success({ changes: [], effects: [{ type: 'received', row: rowOf(header, plaintext, receivedWall) }], isRepeat });",
      },
      {
        file: 'src/protocol/delivery/outbox.ts',
        find: 'const next = Math.max(stored + 1, progress.first);',
        replace: 'const next = progress.first;',
      },
    ],
    test: KILL_LOOP,
  },
  {
    name: 'synchronous=NORMAL',
    edits: [
      {
        file: 'src/store/database.ts',
        find: "['synchronous', 'FULL', 2],",
        replace: "['synchronous', 'NORMAL', 1],",
      },
    ],
    test: {
      file: 'test/durability/power-cuts.test.ts',
      name: 'five power cuts lose nothing that was queued or delivered; nor does bare write and fsync (STO-02)',
    },
  },
];
