import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Chat } from '../../src/api/index.ts';
import { CodedError } from '../../src/base/index.ts';
import { connectControl, controlPath } from '../../src/control/index.ts';

// Whoever answers at the socket is a program of the same user; it may be broken, or a Sotto of another day.

const IDENTITY = { username: 'alice', key: '', home: '/', directory: '/', listening: [] };
const HELLO = { control: 2, identity: { type: 'identity', ...IDENTITY } };

interface Asked {
  readonly id?: number;
  readonly method: string;
}
/** What is written when this was asked. */
type Say = (asked: Asked) => string;

async function served<Value>(say: Say, use: (path: string) => Promise<Value>): Promise<Value> {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-hostile-'));
  const path = controlPath(folder, {});
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    createInterface({ input: socket }).on('line', (line) => socket.write(say(JSON.parse(line) as Asked)));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    return await use(path);
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
}

const answer = ({ id }: Asked, result: unknown): string =>
  `${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`;
const tell = (params: unknown, method = 'event'): string =>
  `${JSON.stringify({ jsonrpc: '2.0', method, params })}\n`;

async function failureOf(attempt: Promise<unknown>): Promise<string> {
  const error = await attempt.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  );
  return error instanceof CodedError ? error.code : String(error);
}

test('what is greeted as no Sotto greets is not spoken to (CTL-04)', async () => {
  for (const result of [
    null,
    {},
    7,
    { control: 2 },
    { control: 2, identity: null },
    { control: 2, identity: [] },
    { control: 3 },
  ])
    expect(
      await served(
        (asked) => answer(asked, result),
        async (path) => failureOf(connectControl(path)),
      ),
    ).toBe('control-unusable');
  for (const line of ['\n', 'hello\n', '7\n', '{}\n', '\u0000\n', '{"jsonrpc":"2.0","id":1}\n'])
    expect(
      await served(
        () => line,
        async (path) => failureOf(connectControl(path)),
      ),
    ).toBe('control-unusable');
});

test('an event that is none ends what it was told to, and nothing else breaks (CTL-04)', async () => {
  const events = [undefined, null, 7, [], {}, { type: 'news' }, { type: '__proto__' }];
  for (const isEarly of [true, false])
    for (const event of events) {
      const say: Say = (asked) => {
        if (asked.method === 'hello') return answer(asked, HELLO);
        return `${answer(asked, { subscription: 1, cursor: 'x' })}${tell({ subscription: 1, event, cursor: 7 })}`;
      };
      await served(say, async (path) => {
        await using chat = await connectControl(path);
        const stream = chat.events();
        const first = isEarly ? stream.next() : undefined;
        // The event has come when this is answered; an error that nobody took would show by the end of the loop's turn.
        if (!isEarly) await chat.retry('x').then(() => new Promise((resolve) => setImmediate(resolve)));
        expect(await failureOf(first ?? stream.next()), `${JSON.stringify(event)} ${isEarly}`).toBe(
          'control-unusable',
        );
      });
    }
});

const CALLS: readonly ((chat: Chat) => Promise<unknown>)[] = [
  async (chat) => chat.status(),
  async (chat) => chat.contacts(),
  async (chat) => chat.outbox(),
  async (chat) => chat.history(),
  async (chat) => chat.safety('bob'),
  async (chat) => chat.openRepair('bob'),
  async (chat) => chat.sendText({ to: 'bob', text: 'x' }),
  async (chat) => chat.cancelAll('bob'),
  async (chat) => chat.erase({ with: 'bob' }),
];

test('whatever is answered, a call has an outcome, and what fails is said to be the program’s (CTL-04)', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.jsonValue(),
      fc.jsonValue(),
      fc.constantFrom(...CALLS),
      async (result, other, call) => {
        const say: Say = (asked) => {
          if (asked.method === 'hello') return answer(asked, HELLO);
          return `${tell(other)}${tell(other, 'trace')}${tell(other, 'subscription.ended')}${answer(asked, result)}`;
        };
        await served(say, async (path) => {
          await using chat = await connectControl(path);
          const failure = await call(chat).then(
            () => undefined,
            (error: unknown) => error,
          );
          expect(failure === undefined || failure instanceof CodedError, String(failure)).toBe(true);
        });
      },
    ),
    { numRuns: 60 },
  );
});
