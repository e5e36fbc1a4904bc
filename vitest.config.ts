import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['lib/**/*.test.ts', 'cli/**/*.test.ts', 'app/**/*.test.ts', 'examples/**/*.test.ts', 'tests/*.test.ts'],
    exclude: ['node_modules/**', '.next/**'],
    pool: 'forks',
    // A forgotten `.only` would silence every other test.
    allowOnly: false,
    globalSetup: ['tests/setup/postgres.ts'],
    setupFiles: ['tests/setup/properties.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
