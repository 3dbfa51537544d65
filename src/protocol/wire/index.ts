export * from './frame.ts';
export * from './preface.ts';
export * from './stream-reader.ts';
