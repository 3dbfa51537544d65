import type { Cancellable, Chat } from './chat.ts';
import type { DirectoryTool } from './directory-tool.ts';

/** What main.ts hands to the faces: everything that touches disk, network and clock, as plain functions. */
export interface Services {
  openChat(options: ChatOptions, cancel?: Cancellable): Promise<Chat>;
  readonly directory: DirectoryTool;
}

export interface ChatOptions {
  /** The directory file's path. Rejects with directory-missing, directory-unreadable, directory-invalid. */
  readonly directory: string;
  /** 1..65535: where we listen, and how our own entry is recognised; 0 lets the system choose (tests). */
  readonly port?: number;
  /** Our own username. Without it: the home's answer, else the one entry with our port and address, else own-entry. */
  readonly as?: string;
  /** Addresses to listen on; default all of IPv4 and IPv6. */
  readonly bind?: readonly string[];
  /** The home folder; default `sotto/<own username>` in the XDG data folder. */
  readonly home?: string;
  /**
   * listen: dial and listen · dial: no listener, and no message is taken (one-shot send) · offline: neither; only looks at the home and may
   * change trust. All but `read` take the home's lock (home-locked); `read` is offline and changes nothing.
   */
  readonly mode: 'listen' | 'dial' | 'offline' | 'read';
  /** No first contact while nobody is awaited: no repair window is open and no key is pending. Default false. */
  readonly isClosed?: boolean;
  /** How long an idle session that we opened is kept, ms; default 60,000; 0 ends it after each message. */
  readonly lingerMs?: number;
}
