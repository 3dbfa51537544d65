// The library's door: a whole Sotto without a face. The sans-IO core is ./protocol, the simulated network ./testing.
export * from './api/index.ts';
export { CodedError, type ErrorCode, type Failure, type PeerText, type SafeText } from './base/index.ts';
export { openChat } from './node/index.ts';
export { VERSION } from './version.ts';
