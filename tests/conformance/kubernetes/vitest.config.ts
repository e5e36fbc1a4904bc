import path from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: path.join(import.meta.dirname, '..', '..', '..'),
  test: {
    include: ['tests/conformance/kubernetes/*.conformance.ts'],
    pool: 'forks',
    // One control plane at a time: each holds some 300 MiB.
    fileParallelism: false,
    allowOnly: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
})
