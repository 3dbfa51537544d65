export const TEXT_BYTES = 200;

export function textOf(n: number): string {
  return `${n} `.padEnd(TEXT_BYTES, 'a text of two hundred bytes ');
}

/** What every receiving program does with a text: it has it as a string, and it is the whole text. */
export function receive(text: string): void {
  if (text.length !== TEXT_BYTES) throw new Error(`a text arrived with ${text.length} characters`);
}
