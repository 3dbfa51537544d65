import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventOptions, EventStream } from '../../src/api/index.ts';
import { controlPath, serveControl, type ControlOptions } from '../../src/control/index.ts';
import { FakeChat, type FakeChatOptions } from '../../src/testing/fake-chat.ts';
import { until } from '../net/until.ts';

/** Knows how many read its events. */
class CountingChat extends FakeChat {
  listeners = 0;
  /** How often an event was asked for. */
  asked = 0;

  override events(options: EventOptions = {}): EventStream {
    const events = super.events(options);
    this.listeners += 1;
    let isOpen = true;
    const leave = (): void => {
      if (isOpen) this.listeners -= 1;
      isOpen = false;
    };
    options.signal?.addEventListener('abort', leave, { once: true });
    const iterator: EventStream = {
      get cursor() {
        return events.cursor;
      },
      next: async () => {
        this.asked += 1;
        return events.next();
      },
      return: async () => {
        leave();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }
}

/** A home folder with a chat that is served in it. */
export class ServedHome implements AsyncDisposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'sotto-control-'));
  readonly path: string = controlPath(this.folder, {});
  readonly chat: CountingChat;
  readonly #clients: RawClient[] = [];
  #server: AsyncDisposable | undefined;

  constructor(options: FakeChatOptions = { contacts: [{ name: 'bob' }, { name: 'carol' }] }) {
    this.chat = new CountingChat(options);
  }

  async serve(options?: ControlOptions): Promise<void> {
    this.#server = await serveControl(this.chat, this.path, options);
  }
  async stop(): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    this.#server = undefined;
  }
  raw(): RawClient {
    const client = new RawClient(this.path);
    this.#clients.push(client);
    return client;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.socket.destroy();
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export async function serveHome(options?: FakeChatOptions): Promise<ServedHome> {
  const home = new ServedHome(options);
  await home.serve();
  return home;
}

/** A client that says whatever it likes. */
export class RawClient {
  readonly socket: Socket;
  text = '';
  isClosed = false;

  constructor(path: string) {
    this.socket = connect(path);
    this.socket.setEncoding('utf8');
    this.socket.on('data', (text: string) => (this.text += text));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => (this.isClosed = true));
  }

  get lines(): readonly Record<string, unknown>[] {
    return this.text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
  ask(id: number, method: string, params: unknown = {}): void {
    this.socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
  }
  async answered(id: number | null): Promise<Record<string, unknown>> {
    return until(`an answer to ${id}`, () => this.lines.find((line) => line['id'] === id));
  }
  async cut(): Promise<void> {
    await until('the end of the connection', () => this.isClosed);
  }
}
