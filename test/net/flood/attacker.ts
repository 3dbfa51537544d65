import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { nativePrimitives, systemEntropy } from '../../../src/primitives/index.ts';
import { enrolInitiator } from '../../../src/protocol/handshake/index.ts';
import { encodeFrame, encodePreface } from '../../../src/protocol/wire/index.ts';
import { concatBytes, type Bytes } from '../../../src/base/index.ts';
import { newKeys } from '../hostile-peer.ts';

// The attacker of flood.ts, a process of its own: node attacker.ts PORT with an IPC channel. Every message is a plan, and is
// answered with a report.

/** Connections are opened in small lots this often. */
const LOT_MS = 4;
/** Not yet answered by the target's machine; beyond this we wait for it. */
const CONNECTING_MAX = 2_000;
/** Addresses that it comes from: 127.0.1.1 and up. */
const SOURCES = 200;
const SESSION_MESSAGE_1_LENGTH = 1_248;

export interface AttackPlan {
  /** Connections in all, and at most so many in a second. */
  readonly total: number;
  readonly perSecond: number;
}

export interface AttackReport {
  readonly opened: number;
  readonly connected: number;
  /** No connection came about. */
  readonly failed: number;
  /** Opened in a second. */
  readonly perSecond: number;
  /** That the target still had when the last one was opened; all of them were left to it. */
  readonly alive: number;
}

/** What a connection does once it is up: what it writes, and whether it hangs up then. */
interface Nuisance {
  readonly bytes: Bytes | undefined;
  readonly hangsUp: boolean;
}

function nuisances(): readonly Nuisance[] {
  const enrols = Array.from({ length: 20 }, () => {
    const [name, peer] = ['mallory', 'bob'];
    const machine = enrolInitiator({
      primitives: nativePrimitives,
      entropy: systemEntropy,
      preface: encodePreface('enrol'),
      localName: name,
      localStatic: newKeys(),
      remoteName: peer,
      passwords: { own: 'guess', peer: 'guess' },
    });
    const started = machine.start();
    if (!started.ok) throw new Error(started.failure.message);
    return concatBytes(encodePreface('enrol'), ...started.value.send.map((body) => encodeFrame(body)));
  });
  const junk = encodeFrame(randomBytes(SESSION_MESSAGE_1_LENGTH));
  return enrols.flatMap((half) => [
    { bytes: undefined, hangsUp: false },
    { bytes: randomBytes(600), hangsUp: false },
    { bytes: half, hangsUp: false },
    { bytes: encodePreface('session'), hangsUp: false },
    { bytes: concatBytes(encodePreface('session'), junk), hangsUp: false },
    { bytes: half, hangsUp: true },
  ]);
}

class Attack {
  readonly #port: number;
  readonly #plan: AttackPlan;
  readonly #nuisances: readonly Nuisance[];
  readonly #alive = new Set<Socket>();
  #opened = 0;
  #connecting = 0;
  #connected = 0;
  #failed = 0;

  constructor(port: number, plan: AttackPlan, those: readonly Nuisance[]) {
    this.#port = port;
    this.#plan = plan;
    this.#nuisances = those;
  }

  /** Resolves when the target has ended everything. */
  async run(): Promise<AttackReport> {
    const startedAt = performance.now();
    await every(LOT_MS, () => {
      const due = Math.min(
        this.#plan.total,
        (performance.now() - startedAt) * (this.#plan.perSecond / 1_000),
      );
      while (this.#opened < due && this.#connecting < CONNECTING_MAX) this.#open();
      return this.#opened >= this.#plan.total;
    });
    const perSecond = Math.round((this.#opened * 1_000) / (performance.now() - startedAt));
    await every(LOT_MS, () => this.#connecting === 0);
    const alive = this.#alive.size;
    await every(LOT_MS, () => this.#alive.size === 0);
    const [opened, connected, failed] = [this.#opened, this.#connected, this.#failed];
    return { opened, connected, failed, perSecond, alive };
  }

  #open(): void {
    const index = this.#opened++;
    const nuisance = this.#nuisances[index % this.#nuisances.length];
    const localAddress = `127.0.1.${1 + (index % SOURCES)}`;
    const socket = connect({ host: '127.0.0.1', port: this.#port, localAddress });
    let isConnected = false;
    this.#connecting++;
    socket.on('connect', () => {
      isConnected = true;
      this.#connecting--;
      this.#connected++;
      this.#alive.add(socket);
      if (nuisance?.bytes) socket.write(nuisance.bytes);
      if (nuisance?.hangsUp) socket.once('data', () => socket.resetAndDestroy());
      socket.resume();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#alive.delete(socket);
      if (isConnected) return;
      this.#connecting--;
      this.#failed++;
    });
  }
}

async function every(ms: number, isDone: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (!isDone()) return;
      clearInterval(timer);
      resolve();
    }, ms);
  });
}

process.on('disconnect', () => process.exit());
const port = Number(process.argv[2]);
const prepared = nuisances();
process.on('message', (message: AttackPlan) => {
  void new Attack(port, message, prepared).run().then((report) => process.send?.(report));
});
process.send?.('ready');
