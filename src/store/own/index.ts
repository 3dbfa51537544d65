// Whose home it is, who has it, and who is in the directory: a door without the database, for whoever may find a program that has it open.
export * from '../directory-file.ts';
export * from '../directory-tool.ts';
export * from '../home-lock.ts';
export * from '../key-file.ts';
export * from '../node-log.ts';
export * from '../own-home.ts';
