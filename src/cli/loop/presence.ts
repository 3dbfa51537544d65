import type { ChatEvent } from '../../api/index.ts';

/**
 * Connections come and go by themselves: each contact is called at the start, and what is idle ends. A person is told of a
 * first contact, of a connection that broke, and that it is there again after that; `/who` says who is connected.
 */
export class Presence {
  readonly #broken = new Set<string>();

  /** Whether the event is one to be shown; all that are not about connections are. */
  isNews(event: ChatEvent): boolean {
    if (event.type === 'contact-connected') return this.#broken.delete(event.name) || event.firstContact;
    if (event.type !== 'contact-disconnected') return true;
    if (event.reason === undefined) return false;
    this.#broken.add(event.name);
    return true;
  }
}
