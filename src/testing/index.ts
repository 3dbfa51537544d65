export * from './entropy.ts';
