// The client's own door: without the server, and without a library of schemas until something else than a text is asked for.
export { controlPath } from '../socket-path.ts';
export { NotTaken } from './calls.ts';
export * from './connect.ts';
