import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['lib/**/*.test.ts', 'cli/**/*.test.ts', 'app/**/*.test.ts', 'examples/**/*.test.ts', 'tests/*.test.ts'],
    exclude: ['node_modules/**', '.next/**'],
    pool: 'forks',
    globalSetup: ['tests/setup/postgres.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
