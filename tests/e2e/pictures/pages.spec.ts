import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../../scripts/launch.js'
import { expect, test, type Page, type Persona } from '../setup/people.ts'
import { rooms, thingsOf } from '../setup/rooms.ts'

const folder = join(root, 'var', 'pictures')
const themes = ['light', 'dark'] as const
const widths = [1440, 390] as const
/** `/audit,/access` takes the pages whose path begins so. */
const only = process.env['PICTURES']?.split(',')
/** Until the demonstration has begun its first rollout; what it has not come to yet has no picture. */
const options = { timeout: 150_000 }

/** One file a theme and width, in a folder of each: `light-1440/audit.png`. Of a long page the first 4,000 pixels. */
async function picture(page: Page, path: string, name: string): Promise<void> {
  for (const width of widths) {
    await page.setViewportSize({ width, height: 900 })
    for (const colorScheme of themes) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.goto(path)
      await expect(page.getByRole('heading', { level: 1 }).first()).toBeVisible()
      await expect(page.locator('[aria-busy=true]')).toHaveCount(0)
      const heightPx = Math.min(4_000, await page.evaluate(() => document.documentElement.scrollHeight))
      const target = join(folder, `${colorScheme}-${width}`)
      mkdirSync(target, { recursive: true })
      await page.screenshot({
        path: join(target, `${name}.png`),
        fullPage: true,
        clip: { x: 0, y: 0, width, height: heightPx },
      })
    }
  }
}

const nameOf = (path: string) =>
  path === '/'
    ? 'home'
    : path
        .slice(1)
        .replaceAll(/[^a-z0-9_-]+/gi, '.')
        .replaceAll(/_[0-9a-hjkmnp-tv-z]{26}/g, '')

async function pictures(page: Page, paths: readonly string[], prefix: string): Promise<void> {
  for (const path of paths.filter((each) => only === undefined || only.some((start) => each.startsWith(start))))
    await test.step(path, () => picture(page, path, `${prefix}${nameOf(path)}`))
}

test('the sign-in page', async ({ page }) => {
  await pictures(page, ['/sign-in', '/nowhere', '/verify'], '')
})

for (const persona of ['olu', 'priya'] satisfies Persona[]) {
  test(`the demonstration, as ${persona} sees it`, async ({ signedIn, api }) => {
    test.setTimeout(15 * 60_000)
    const page = await signedIn(persona, 'flights')
    const asked = await api('olu', 'flights')
    await expect.poll(async () => (await asked.get('/rollouts?limit=1')).body['items'], options).not.toEqual([])
    await pictures(page, [...rooms, ...(await thingsOf(asked))], persona === 'olu' ? '' : `${persona}.`)
  })
}

test('an empty workspace', async ({ signedIn }) => {
  test.setTimeout(10 * 60_000)
  await pictures(await signedIn('dana', 'default'), rooms, 'empty.')
})
