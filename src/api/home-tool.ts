import type { ChatOptions } from './services.ts';

/** Which home, and how to open it: the part of `ChatOptions` that says so. */
export type HomeOptions = Pick<ChatOptions, 'directory' | 'port' | 'as' | 'home' | 'passphrase'>;

/** What is done to a home as a whole, without talking to anybody. All reject with a `CodedError`. */
export interface HomeTool {
  /** Whether the home's key lies under a passphrase. */
  isLocked(options: HomeOptions): Promise<boolean>;
  /** Rejects with passphrase-wrong, locked or home-unusable, unless the passphrase of the options opens the home. */
  checkPassphrase(options: HomeOptions): Promise<void>;
  /**
   * Puts the home's key under a new passphrase, or without one into its own 0600 file again. Also beside a running program. UTF-8, 1 byte
   * to 1 KiB. Rejects with locked, passphrase-wrong, home-unusable.
   */
  setPassphrase(options: HomeOptions, next: Uint8Array | undefined): Promise<void>;
  /**
   * Makes a new home out of a backup. Peers are told that its numbering began again; what they still keep of what came after
   * the backup they send once more. Rejects with file-unusable, backup-invalid, passphrase-wrong, home-exists, home-unusable.
   */
  restore(command: {
    readonly from: string;
    readonly passphrase: Uint8Array;
    /** Default: `sotto/<own username>` in the XDG data folder, as the backup names it. */
    readonly home?: string;
  }): Promise<{ readonly home: string; readonly username: string }>;
}
