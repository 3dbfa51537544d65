import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { SeededDice } from '../fuzz/dice.ts';
import { until } from '../net/until.ts';
import { addFaults, NO_FAULTS, type Faults } from './book.ts';
import { LoopDisk, type FileSystem } from './loop-disk.ts';
import { Pair, type PairOptions } from './pair.ts';

export interface PowerCutsOptions extends PairOptions {
  readonly cuts: number;
  readonly fileSystem: FileSystem;
  readonly seed: number;
  readonly log?: (line: string) => void;
}

export interface PowerCutsResult {
  readonly cuts: number;
  readonly queued: number;
  readonly delivered: number;
  readonly faults: Faults;
  readonly notes: readonly string[];
  /** Of a program that only writes and calls fsync, beside the others in the same cuts (RELIABILITY §6). */
  readonly control: { readonly written: number; readonly lost: number };
}

/** Cuts of one pair of homes; then both drain, and the books are closed. */
const ROUND = 20;
const TALK_MS = 400;
const PUMP_MS = 4;

/** Both homes lie on one disk that loses its power while both talk. Who writes is stopped first (STO-02). */
export async function powerCuts(options: PowerCutsOptions): Promise<PowerCutsResult> {
  let [queued, delivered, faults] = [0, 0, NO_FAULTS];
  const control = { written: 0, lost: 0 };
  const notes: string[] = [];
  for (let done = 0; done < options.cuts; done += ROUND) {
    using disk = new LoopDisk(options.fileSystem);
    await using pair = await Pair.open({ ...options, homes: { alice: disk.folder, bob: disk.folder } });
    const dice = new SeededDice(options.seed + done);
    const bare = new BareWriter(disk.folder);
    await pair.startAll();
    for (let cut = 0; cut < Math.min(ROUND, options.cuts - done); cut += 1) {
      await bare.start();
      await talk(pair, dice);
      await cutPower(disk, pair, bare);
      bare.check();
      for (const name of pair.names) await pair.start(name, { isInspected: true });
    }
    faults = addFaults(faults, await pair.settle());
    queued += pair.book.queued;
    delivered += pair.book.delivered;
    control.written += bare.written;
    control.lost += bare.lost;
    notes.push(...pair.book.notes.map((note) => `${note} (seed ${options.seed + done})`));
    options.log?.(`${done + ROUND} cuts of ${options.fileSystem}, ${queued} queued`);
  }
  return { cuts: options.cuts, queued, delivered, faults, notes, control };
}

async function talk(pair: Pair, dice: SeededDice): Promise<void> {
  const endsAt = performance.now() + 50 + dice.below(TALK_MS);
  while (performance.now() < endsAt) {
    pair.say('alice', 1 + dice.below(3));
    if (dice.chance(0.4)) pair.say('bob', 1);
    await pause(PUMP_MS);
  }
}

async function cutPower(disk: LoopDisk, pair: Pair, bare: BareWriter): Promise<void> {
  const pids = [...pair.names.map((name) => pair.program(name).pid), bare.pid];
  const running = pids.filter((pid) => pid !== undefined);
  for (const pid of running) process.kill(pid, 'SIGSTOP');
  for (const pid of running) await until(`${pid} stands still`, () => standsStill(pid));
  disk.shutDown();
  await Promise.all([...pair.names.map(async (name) => pair.program(name).kill()), bare.kill()]);
  disk.unmount();
  disk.mount();
}

/** A thread that is within an fsync stops when that is over: the shutdown must not race it (RELIABILITY §6). */
function standsStill(pid: number): boolean {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.every((task) => /\) T /.test(readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8')));
}

class BareWriter {
  written = 0;
  lost = 0;
  readonly #path: string;
  #child: ChildProcessByStdio<null, Readable, null> | undefined;
  #closed: Promise<unknown> | undefined;
  #said = '';

  constructor(folder: string) {
    this.#path = join(folder, 'bare');
  }
  get pid(): number | undefined {
    return this.#child?.pid;
  }
  async start(): Promise<void> {
    this.#said = '';
    this.#child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'bare-writer.ts'), this.#path, String(this.written)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
    this.#closed = once(this.#child, 'close');
    await until('the control program writes', () => this.#said.length > 0);
  }
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#closed;
  }
  /** Everything that it said is in its file. */
  check(): void {
    const said = this.#said.trim().split('\n').map(Number);
    const kept = new Set(readFileSync(this.#path, 'utf8').split('\n').map(Number));
    this.lost += said.filter((number) => !kept.has(number)).length;
    this.written = Math.max(this.written, ...said);
  }
}
