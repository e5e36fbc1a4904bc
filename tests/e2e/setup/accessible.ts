import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

/** No violation that axe knows, in light and in dark, once the page is there. */
export async function expectAccessible(page: Page): Promise<void> {
  // While a page loads, its place is held by what says that it is busy: it is judged when it is there. A story that followed
  // a link waits for the address before it asks: until then this would judge the page that it came from.
  await expect(page.getByRole('heading', { level: 1 }).first()).toBeVisible()
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    // Our pages have no frames of other origins, which is all that the other mode is for.
    const axe = new AxeBuilder({ page }).setLegacyMode(true)
    // The theme changes colours and nothing else.
    if (colorScheme === 'dark') axe.withRules('color-contrast')
    const { violations } = await axe.analyze()
    const told = violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary ?? ''}`),
    )
    expect.soft(told, `${page.url()} in ${colorScheme}`).toEqual([])
  }
}

/** On a phone nothing is wider than the screen, so that nobody has to scroll sideways to read. */
export async function expectFitsPhone(page: Page): Promise<void> {
  const wide = page.viewportSize()
  await page.setViewportSize({ width: 390, height: 844 })
  const widths = await page.evaluate(() => {
    const sticksOut = [...document.querySelectorAll<HTMLElement>('main *')].filter(
      (element) => element.getBoundingClientRect().right > 391 && element.closest('[class*="scroll"], svg') === null,
    )
    const first = sticksOut[0]
    return {
      scroll: document.documentElement.scrollWidth,
      first: first ? `${first.tagName} ${first.textContent.slice(0, 60)}` : '',
    }
  })
  expect.soft(widths.scroll, `${page.url()} at 390 px; ${widths.first} sticks out`).toBeLessThanOrEqual(390)
  if (wide) await page.setViewportSize(wide)
}
