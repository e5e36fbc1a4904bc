import path from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: path.join(import.meta.dirname, '..', '..', '..'),
  test: {
    include: ['tests/conformance/mlflow/*.test.ts'],
    pool: 'forks',
    allowOnly: false,
    globalSetup: ['tests/setup/postgres.ts'],
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
})
