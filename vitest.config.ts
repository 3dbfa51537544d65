import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { COMPILE_CACHE } from './test/compile-cache.ts';

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['dist/**', 'node_modules/**', 'test/long/**'],
    env: COMPILE_CACHE,
    reporters: ['default', './test/reporter.ts'],
    // A limit for what hangs: no test is to end because a machine is slow.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Real processes, ptys and sockets: two at once on two cores keeps their own deadlines honest.
    maxWorkers: 2,
  },
});

export default config;
