import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ChatOptions } from '../../../src/api/index.ts';
import { openChat } from '../../../src/node/index.ts';

// The program under attack in flood.ts, a process of its own: node target.ts '{ChatOptions}' with an IPC channel. Every message
// of the parent is answered with what was measured since the last one.

const RESOLUTION_MS = 10;
const SAMPLE_MS = 50;

export interface TargetReport {
  /** How much later than due a timer fired, ms. */
  readonly loopDelayP99: number;
  readonly loopDelayMax: number;
  /** Bytes. */
  readonly rss: number;
  readonly rssMax: number;
  /** TCP sockets that this process has. */
  readonly sockets: number;
  readonly socketsMax: number;
  /** Everything else that keeps it running, listeners and watchers among them. */
  readonly otherHandles: number;
  readonly received: number;
  /** Of all the time, how much this process computed. */
  readonly cpuShare: number;
}

class Meter {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #since = performance.now();
  #cpu = process.cpuUsage();
  #rssMax = 0;
  #socketsMax = 0;

  constructor() {
    this.#delay.enable();
    setInterval(() => this.#sample(), SAMPLE_MS);
  }

  report(received: number): TargetReport {
    this.#sample();
    const used = process.cpuUsage(this.#cpu);
    const handles = process.getActiveResourcesInfo();
    const report = {
      loopDelayP99: Math.max(0, this.#delay.percentile(99) / 1e6 - RESOLUTION_MS),
      loopDelayMax: Math.max(0, this.#delay.max / 1e6 - RESOLUTION_MS),
      rss: process.memoryUsage.rss(),
      rssMax: this.#rssMax,
      sockets: sockets(handles),
      socketsMax: this.#socketsMax,
      // A timer may be due or not at the moment.
      otherHandles:
        handles.filter((handle) => handle !== 'Timeout' && handle !== 'Immediate').length - sockets(handles),
      received,
      cpuShare: (used.user + used.system) / 1_000 / (performance.now() - this.#since),
    };
    this.#since = performance.now();
    this.#cpu = process.cpuUsage();
    this.#delay.reset();
    this.#rssMax = 0;
    this.#socketsMax = 0;
    return report;
  }

  #sample(): void {
    this.#rssMax = Math.max(this.#rssMax, process.memoryUsage.rss());
    this.#socketsMax = Math.max(this.#socketsMax, sockets(process.getActiveResourcesInfo()));
  }
}

function sockets(handles: readonly string[]): number {
  return handles.filter((handle) => handle === 'TCPSocketWrap').length;
}

process.on('disconnect', () => process.exit());
const options = JSON.parse(process.argv[2] ?? '') as ChatOptions;
const chat = await openChat(options, {});
const meter = new Meter();
let received = 0;
process.on('message', () => {
  process.send?.(meter.report(received));
});
process.send?.('ready');
for await (const event of chat.events()) if (event.type === 'message-received') received++;
