import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { EngineInput, LinkId } from '../engine/index.ts';
import { Links } from './links.ts';

const MEBIBYTE = 1_048_576;
/** What the system hands over at once; a second piece may be on its way when the first one pauses the socket. */
const PIECE_MAX = 65_536;

interface Flooded extends AsyncDisposable {
  readonly links: Links;
  readonly inputs: EngineInput[];
  bytes(): number;
}

/** Somebody who writes 4 MiB at once to links whose peer is proven, or is not. */
async function flooded(isProven: boolean): Promise<Flooded> {
  const inputs: EngineInput[] = [];
  const links = new Links({
    enqueue: (input) => void inputs.push(input),
    engine: () => ({
      mayEnter: () => true,
      admit: () => ({ isLetIn: true, evicted: undefined }),
      isProven: () => isProven,
    }),
  });
  const server = createServer({ pauseOnConnect: true }, (socket) => links.accept(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client: Socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => undefined);
  client.write(new Uint8Array(4 * MEBIBYTE));
  return {
    links,
    inputs,
    bytes: () => inputs.reduce((sum, input) => sum + (input.type === 'bytes' ? input.bytes.length : 0), 0),
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      links.releaseAll();
      server.close();
      await once(server, 'close');
    },
  };
}

test('of a peer that is not proven one piece is held, and no more is read until it was judged (NET-03, CRY-14)', async () => {
  await using them = await flooded(false);
  await expect.poll(() => them.bytes()).toBeGreaterThan(0);
  // As long as a proven peer's 4 MiB take through the same loop: these would have come with them.
  await using proven = await flooded(true);
  await expect.poll(() => proven.bytes()).toBe(4 * MEBIBYTE);
  expect(them.bytes()).toBeLessThanOrEqual(PIECE_MAX);
  const turns: number[] = [];
  while (them.bytes() < 4 * MEBIBYTE) {
    const before = them.bytes();
    them.links.readOn();
    await turn();
    turns.push(them.bytes() - before);
  }
  expect(Math.max(...turns)).toBeLessThanOrEqual(2 * PIECE_MAX);
});

test('a proven peer is read as fast as it writes', async () => {
  await using them = await flooded(true);
  await expect.poll(() => them.bytes()).toBe(4 * MEBIBYTE);
});

test('a link that made room for another is closed at once, and the engine hears why (NET-05)', async () => {
  const inputs: EngineInput[] = [];
  let evicted: LinkId | undefined;
  const links = new Links({
    enqueue: (input) => void inputs.push(input),
    engine: () => ({
      mayEnter: () => true,
      admit: () => ({ isLetIn: true, evicted }),
      isProven: () => false,
    }),
  });
  const server = createServer({ pauseOnConnect: true }, (socket) => links.accept(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const first = connect(port, '127.0.0.1').resume();
  await expect.poll(() => inputs.length).toBe(1);
  evicted = inputs[0]?.type === 'accepted' ? inputs[0].link : undefined;
  expect(evicted).toBeDefined();
  const second = connect(port, '127.0.0.1').resume();
  await once(first, 'end');
  expect(inputs.at(1)).toMatchObject({
    type: 'lost',
    link: evicted,
    failure: { code: 'too-many-connections' },
  });
  expect(inputs.at(2)).toMatchObject({ type: 'accepted', address: '127.0.0.1', remote: '127.0.0.1' });
  links.releaseAll();
  second.destroy();
  server.close();
  await once(server, 'close');
});
