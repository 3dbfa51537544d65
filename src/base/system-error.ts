const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of its path is not a folder',
  EISDIR: 'it is a folder',
  EACCES: 'that is not permitted',
  EPERM: 'that is not permitted',
  EROFS: 'its disk can only be read',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk is full for you',
  EEXIST: 'there is a file of that name',
  ENAMETOOLONG: 'its name is too long',
  ELOOP: 'its links lead nowhere',
  EIO: 'the disk or device fails',
  EBADF: 'it is not open',
  EMFILE: 'too many files and connections are open',
  ENFILE: 'too many files and connections are open on this machine',
};

/** The system's `code` of an error; empty when it is none of the system's. */
export function systemCode(cause: unknown): string {
  const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : '';
}

/** Why the system refuses a file, in words for a person; what has none here keeps the system's. */
export function systemReason(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return WORDS[systemCode(cause)] ?? message;
}
