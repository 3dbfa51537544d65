// The public JSON: one schema for each shape, `xToJson` and `xFromJson`. What only writes JSON may import api/to-json alone.
export * from '../to-json/index.ts';
export * from './event.ts';
export * from './parts.ts';
export * from './result.ts';
export * from './status.ts';
export * from './view.ts';
