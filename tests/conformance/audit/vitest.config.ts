import { defineConfig } from 'vitest/config'

/** The checkpoint store's contract against a real S3 server; run.ts builds the server and starts this. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.conformance.ts'],
    pool: 'forks',
    allowOnly: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
