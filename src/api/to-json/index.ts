// Views and events as programs read them, without the schemas: what only writes JSON loads no library.
export * from './directory-to-json.ts';
export * from './event-to-json.ts';
export * from './results.ts';
export * from './shapes.ts';
export * from './time.ts';
export * from './view-to-json.ts';
