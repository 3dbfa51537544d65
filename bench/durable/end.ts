import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Answer, LogSizes, Order, StoreKind } from './messages.ts';

/** One process, which obeys one order at a time. */
export class End {
  readonly #process: ChildProcess;

  constructor(name: string, folder: string, port: number) {
    this.#process = fork(join(import.meta.dirname, 'child.ts'), [name, folder, `${port}`]);
  }
  async obey(order: Order): Promise<Answer> {
    this.#process.send(order);
    const answered = new AbortController();
    const { signal } = answered;
    const answer: Promise<readonly unknown[]> = once(this.#process, 'message', { signal });
    const gone: Promise<readonly unknown[]> = once(this.#process, 'exit', { signal }).then(() => []);
    gone.catch(() => undefined);
    const [given] = await Promise.race([answer, gone]);
    answered.abort();
    if (given === undefined) throw new Error(`a process ended during “${order.type}”`);
    return given as Answer;
  }
  stop(): void {
    this.#process.disconnect();
  }
}

/** Two that talk. */
export class Pair {
  readonly sender: End;
  readonly receiver: End;

  constructor(folder: string, port: number) {
    this.receiver = new End('receiver', folder, port);
    this.sender = new End('sender', folder, port);
  }

  async open(
    store: StoreKind,
    options: { readonly isRecording?: boolean; readonly sizes?: LogSizes } = {},
  ): Promise<void> {
    const order = { type: 'open', store, isRecording: false, ...options } as const;
    await this.receiver.obey(order);
    await this.sender.obey(order);
  }

  async close(): Promise<{ readonly sender: Answer; readonly receiver: Answer }> {
    const sender = await this.sender.obey({ type: 'close' });
    return { sender, receiver: await this.receiver.obey({ type: 'close' }) };
  }

  stop(): void {
    this.sender.stop();
    this.receiver.stop();
  }
}
