import type { Cancellable, Chat } from './chat.ts';
import type { DirectoryTool } from './directory-tool.ts';
import type { HomeTool } from './home-tool.ts';
import type { NodeTool } from './node-tool.ts';

/** What main.ts hands to the faces: everything that touches disk, network and clock, as plain functions. */
export interface Services {
  openChat(options: ChatOptions, cancel?: Cancellable): Promise<Chat>;
  readonly directory: DirectoryTool;
  readonly home: HomeTool;
  readonly node: NodeTool;
}

/** Where one listens who says nothing else, and so the port of one's own entry when it has to be guessed. */
export const DEFAULT_PORT = 7688;

/** How to open a chat. */
export interface ChatOptions {
  /** The directory file's path. Rejects with directory-missing, directory-unreadable, directory-invalid. */
  readonly directory: string;
  /**
   * 1..65535: where we listen, and how our own entry is recognised; 0 lets the system choose (tests). Default: our own entry's port;
   * an entry that has to be recognised is then the one with DEFAULT_PORT.
   */
  readonly port?: number;
  /** Our own username. Without it: the home's answer, else the one entry with this port and an address of this machine, else own-entry. */
  readonly as?: string;
  /** Addresses to listen on; default all of IPv4 and IPv6. */
  readonly bind?: readonly string[];
  /** The home folder; default `sotto/<own username>` in the XDG data folder. */
  readonly home?: string;
  /**
   * listen: dial and listen · dial: no listener (one-shot send) · offline: neither; for looking at the home and changing it.
   * One program is a home's only writer. When another one is: `listen` rejects with home-locked, the other modes are served by
   * that program over its control socket.
   */
  readonly mode: 'listen' | 'dial' | 'offline';
  /** No first contact while nobody is awaited: no repair window is open and no key is pending. Default false. */
  readonly isClosed?: boolean;
  /**
   * Messages stored longer ago than this, ms, are deleted at the start and then hourly, unless they wait in the outbox; fewer as long
   * as nobody has confirmed that our clock is not far ahead. Default: never.
   */
  readonly keepMs?: number;
  /** Asked for when the home is under a passphrase (`locked` without it, or when it rejects): UTF-8; overwritten after use. */
  readonly passphrase?: () => Promise<Uint8Array>;
  /**
   * How long an idle session that we opened is kept, ms; 0 ends it after each message. Default: 60,000, and for as long as we listen
   * when it is to a contact that has never dialled us, which could not reach us otherwise.
   */
  readonly lingerMs?: number;
  /**
   * Nobody sits in front of this program: another one of the same user may ask it to end (`NodeTool.end`), and this is called then. Without
   * it that is refused with node-attended.
   */
  readonly onEnd?: () => void;
  /** How long another program that has the home may take for its first answer, ms; at most, and by default, 10,000. */
  readonly answerWithinMs?: number;
}
