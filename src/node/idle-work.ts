/** Nobody waits for anything once nothing has happened for this long. */
const QUIET_MS = 250;

/** Work in small steps for the moments when nothing else is to be done. It keeps no program alive. */
export class IdleWork implements Disposable {
  readonly #step: () => boolean;
  readonly #timer: NodeJS.Timeout;
  #immediate: NodeJS.Immediate | undefined;

  /** `step`: takes less than 20 ms; true when more of it waits. */
  constructor(step: () => boolean) {
    this.#step = step;
    this.#timer = setTimeout(() => this.#work(), QUIET_MS);
    this.#timer.unref();
  }

  /** Something has happened: not now. */
  postpone(): void {
    if (this.#immediate) clearImmediate(this.#immediate);
    this.#immediate = undefined;
    this.#timer.refresh();
  }
  [Symbol.dispose](): void {
    if (this.#immediate) clearImmediate(this.#immediate);
    clearTimeout(this.#timer);
  }

  #work(): void {
    this.#immediate = undefined;
    if (!this.#step()) return;
    this.#immediate = setImmediate(() => this.#work());
    this.#immediate.unref();
  }
}
