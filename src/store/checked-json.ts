import { createHash } from 'node:crypto';

// Small JSON files whose damage is known before they are used. There is one text for each content, and its last field is the SHA-256 of
// the other ones: a changed bit anywhere makes either another text of the same content, or another content.

export interface CheckedJsonOptions {
  /** Spaces a level; default: all on one line. */
  readonly indent?: number;
}

export function encodeChecked(content: object, { indent }: CheckedJsonOptions = {}): string {
  const check = createHash('sha256').update(JSON.stringify(content)).digest('base64');
  return `${JSON.stringify({ ...content, check }, undefined, indent)}\n`;
}

/** The content without its check; undefined when the text is damaged. */
export function decodeChecked(
  text: string,
  options: CheckedJsonOptions = {},
): Readonly<Record<string, unknown>> | undefined {
  const { check: _, ...content } = parseObject(text);
  return encodeChecked(content, options) === text ? content : undefined;
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? { ...json } : {};
  } catch {
    return {};
  }
}
