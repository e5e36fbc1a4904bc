import path from 'node:path'
import { defineConfig } from 'vitest/config'

const root = path.join(import.meta.dirname, '..', '..', '..')

/** Attestations of a real approval before public tools; run.ts builds them and starts this. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.conformance.ts'],
    globalSetup: [path.join(root, 'tests/setup/postgres.ts')],
    pool: 'forks',
    allowOnly: false,
    testTimeout: 600_000,
    hookTimeout: 180_000,
  },
})
