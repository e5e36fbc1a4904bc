import { join } from 'node:path'
import { defineConfig } from '@playwright/test'
import stories from './playwright.config.ts'

// A picture of every page, for people to look at: nothing is judged here but that each page came.
// Spread, as two configurations given to `defineConfig` join their projects and each picture would be taken twice.
export default defineConfig({
  ...stories,
  testDir: join(import.meta.dirname, 'pictures'),
  projects: [{ name: 'pictures' }],
  globalTimeout: 30 * 60_000,
})
