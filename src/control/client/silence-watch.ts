import { SILENCES_MAX } from '../limits.ts';

/**
 * Notices that nothing at all is heard while an answer is awaited. It counts short silences instead of one long time, so that a program
 * that was stopped itself hears what has come meanwhile before it gives up.
 */
export class SilenceWatch {
  readonly #silenceMs: number;
  readonly #ask: () => void;
  readonly #giveUp: () => void;
  #timer: NodeJS.Timeout | undefined;
  #silences = 0;

  /** `ask`: nothing was heard for `silenceMs`, perhaps because there was nothing to say. `giveUp`: nor after that. */
  constructor(silenceMs: number, { ask, giveUp }: { readonly ask: () => void; readonly giveUp: () => void }) {
    this.#silenceMs = silenceMs;
    this.#ask = ask;
    this.#giveUp = giveUp;
  }

  begin(): void {
    if (this.#timer) return;
    this.#silences = 0;
    this.#timer = setInterval(() => this.#passed(), this.#silenceMs);
  }
  heard(): void {
    this.#silences = 0;
    this.#timer?.refresh();
  }
  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #passed(): void {
    this.#silences += 1;
    if (this.#silences === 1) this.#ask();
    else if (this.#silences === SILENCES_MAX) this.#giveUp();
  }
}
