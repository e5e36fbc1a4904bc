import { join } from 'node:path'
import { defineConfig } from '@playwright/test'
import { chromiumPath } from '../../scripts/chromium.ts'

const here = import.meta.dirname
const report = process.env['PLAYWRIGHT_JSON_OUTPUT_NAME']
// Workers read this file again: they are told what the first reading found.
const executablePath = process.env['CHROMIUM_PATH'] ?? (await chromiumPath())
process.env['CHROMIUM_PATH'] = executablePath

// Two workers: the story of the demonstration mostly waits for what it foretells, the other one tells the other stories.
export default defineConfig({
  testDir: join(here, 'stories'),
  // The longest one begins first.
  projects: [
    { name: 'demonstration', testMatch: 'flights.spec.ts' },
    { name: 'console', testIgnore: 'flights.spec.ts' },
  ],
  outputDir: join(here, '..', '..', 'test-results'),
  globalSetup: join(here, 'setup', 'serve-product.ts'),
  workers: 2,
  // A story that passes only when it is told again is a bug, of the product or of the story.
  retries: 0,
  forbidOnly: true,
  timeout: 90_000,
  globalTimeout: 15 * 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ...(report === undefined ? [] : [['json', { outputFile: report }] as const])],
  use: {
    browserName: 'chromium',
    actionTimeout: 30_000,
    viewport: { width: 1440, height: 900 },
    // The sandbox of Chromium needs a kernel feature that containers do not have; it visits our own pages only.
    launchOptions: {
      executablePath,
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
    },
    locale: 'en-GB',
    timezoneId: 'UTC',
    screenshot: 'only-on-failure',
  },
})
