export * from './atomic-write.ts';
export * from './directory-file.ts';
export * from './directory-tool.ts';
export * from './home-lock.ts';
export * from './local-addresses.ts';
export * from './home.ts';
