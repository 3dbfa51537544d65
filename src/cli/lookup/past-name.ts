import type { Chat } from '../../api/index.ts';
import { knownNames } from './contact-name.ts';

/** A name of the directory, or of somebody who was in it and with whom something was said. Rejects with contact-unknown. */
export async function pastName(chat: Chat, word: string): Promise<string> {
  const name = word.normalize('NFC');
  const { entries } = await chat.history({ with: name, limit: 1 });
  if (entries.length > 0) return name;
  const [known = name] = await knownNames(chat, [name]);
  return known;
}
