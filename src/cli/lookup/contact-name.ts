import { CodedError } from '../../base/index.ts';
import type { Chat } from '../../api/index.ts';
import { closest } from '../words/closest.ts';

/** Names as the directory has them, in the order given, once each. Rejects with contact-unknown and the nearest name. */
export async function knownNames(chat: Chat, names: readonly string[]): Promise<readonly string[]> {
  const contacts = new Set((await chat.contacts()).map((contact) => contact.name));
  const wanted = [...new Set(names.map((name) => name.normalize('NFC')))];
  for (const name of wanted) if (!contacts.has(name)) throw unknownName(name, contacts, chat.self.username);
  return wanted;
}

/** As `knownNames`, of one. */
export async function oneKnownName(chat: Chat, name: string): Promise<string> {
  const [known = name] = await knownNames(chat, [name]);
  return known;
}

function unknownName(name: string, contacts: ReadonlySet<string>, self: string): CodedError {
  if (name === self) return new CodedError({ code: 'contact-unknown', message: `${name} is you` });
  const meant = closest(name, contacts);
  const message = `there is no contact “${name}” in the directory`;
  if (meant !== undefined)
    return new CodedError({ code: 'contact-unknown', message, hint: `Did you mean ${meant}?` });
  const hint =
    contacts.size === 0
      ? 'The directory has nobody but you: sotto directory add NAME'
      : `Known: ${[...contacts].slice(0, 12).join(', ')}${contacts.size > 12 ? ' …' : ''}`;
  return new CodedError({ code: 'contact-unknown', message, hint });
}
