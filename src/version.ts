/** The program's version; test/architecture.test.ts holds it equal to package.json's. */
export const VERSION = '0.1.0';
