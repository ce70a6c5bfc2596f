'use strict';

/** Tests mirror the tree under test/. Types are checked by `tsc`, so ts-jest only transpiles. */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: { '^.+\\.ts$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.json' }] },
  // One PostgreSQL for the tests of the server; it starts only when one of them runs.
  globalSetup: '<rootDir>/test/server/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/server/support/global-teardown.ts',
  // Far beyond what any test takes: a busy machine is no failure, only something that never comes is.
  testTimeout: 180000,
  maxWorkers: 2,
};
