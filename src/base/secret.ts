/** A secret that prints as `[secret]` wherever it is logged, thrown, inspected or turned into JSON (the private field is seen by none of them). */
export class Secret<Value> {
  readonly #value: Value;

  constructor(value: Value) {
    this.#value = value;
  }

  /** The one way to the value: every call is a place to review. */
  reveal(): Value {
    return this.#value;
  }
  toString(): string {
    return '[secret]';
  }
  toJSON(): string {
    return '[secret]';
  }
}
