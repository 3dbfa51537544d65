import type { Brand } from './brand.ts';

/** Text that may reach a terminal: made by `toSafeText` alone. */
export type SafeText = Brand<string, 'SafeText'>;

/**
 * Makes text of unknown origin safe to show: an allow-list; what is not on it appears as ‹U+001B›. Line feeds stay.
 */
export function toSafeText(text: string): SafeText {
  return text.replaceAll(
    /[^\n\p{L}\p{N}\p{P}\p{S}\p{Zs}]/gu,
    (char) => `‹U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}›`,
  ) as SafeText;
}
