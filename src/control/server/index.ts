export * from './serve-control.ts';
export * from './serve-stdio.ts';
