import { paths } from '../../../app/paths.ts'
import { expectAccessible } from '../setup/accessible.ts'
import { expect, test, type Page } from '../setup/people.ts'

/** A step of the story may wait for what the traffic of many days shows. */
const milestoneMsMax = 400_000
test.describe.configure({ timeout: 500_000 })

const drill = 'drill: broken feed'

/** Sets how many times faster than its own pace the demonstration plays. */
async function setPace(page: Page, speed: 1 | 2 | 4): Promise<void> {
  await page.getByRole('button', { name: /^(demo|drill: )/ }).click()
  const card = page.getByRole('dialog', { name: 'Demonstration' })
  await card.getByRole('button', { name: `${speed}×`, exact: true }).click()
  await expect(card.getByRole('status')).toContainText(`plays at ${speed}×`)
  await page.keyboard.press('Escape')
}

async function openFromRail(page: Page, room: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Main', exact: true }).getByRole('link', { name: room }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(room)
}

test('the first version serves, and the operator lets the days go faster', async ({ signedIn }) => {
  const page = await signedIn('olu', 'flights')
  await openFromRail(page, 'Endpoints')
  for (const name of ['flight-delay', 'flight-delay-regional']) {
    const row = page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) })
    await expect(row).toContainText(/serving/i, { timeout: milestoneMsMax })
  }
  await setPace(page, 4)
})

test('the second version goes out step by step and is promoted', async ({ signedIn, browser, product }) => {
  const page = await signedIn('olu', 'flights')
  await openFromRail(page, 'Rollouts')
  await page.getByRole('link', { name: 'flight-delay 1.0.0 → 2.0.0' }).click({ timeout: milestoneMsMax })
  const steps = page.getByRole('list', { name: 'Steps', exact: true })
  await expect(steps.getByRole('listitem')).toHaveText([/^10 %/, /^50 %/, /^100 %/])
  await expect(steps.getByRole('listitem').first()).toContainText('verified', { timeout: milestoneMsMax })
  const checks = page.getByRole('table', { name: 'Checks of the newest look' })
  await expect(checks.getByRole('row').filter({ hasText: 'accuracy' })).toBeVisible({ timeout: milestoneMsMax })
  await expect(page.getByText('Promoted', { exact: true }).first()).toBeVisible({ timeout: milestoneMsMax })
  await expect(page.getByRole('list', { name: 'Stages of the promotion' })).toContainText('Alias verified')
  await expectAccessible(page)

  await test.step('the charts are in the page that the server sends, before any script', async () => {
    const state = await page.context().storageState()
    const context = await browser.newContext({
      baseURL: product.origin,
      javaScriptEnabled: false,
      storageState: state,
    })
    const plain = await context.newPage()
    await plain.goto(page.url())
    const charts = plain.locator('figure svg path[d^="M"]')
    expect(await charts.count()).toBeGreaterThan(2)
    await context.close()
  })
})

test('the days of April on which storms kept the flights are found', async ({ signedIn }) => {
  const page = await signedIn('olu', 'flights')
  await page.goto(paths.drift())
  await page.getByRole('link', { name: 'flight-delay storm-days' }).click({ timeout: milestoneMsMax })
  await expect(page).toHaveURL(/\/drift\/[^/]+$/)
  await page.getByRole('link', { name: 'delay', exact: true }).first().click()
  await expect(page.getByText('since 28 Apr 2001').first()).toBeVisible({ timeout: milestoneMsMax })
  await expectAccessible(page)
  // What comes next is judged by windows of seconds: they have to fit into its days.
  await setPace(page, 1)
})

test('the drill is found, burns a budget, and two policies answer differently', async ({ signedIn }) => {
  const page = await signedIn('olu', 'flights')
  await test.step('every page says that it is a drill', async () => {
    await expect(page.getByRole('button', { name: /^drill: / })).toBeVisible({ timeout: milestoneMsMax })
  })

  await test.step('a finding names the feature, the bins and the likely cause', async () => {
    await openFromRail(page, 'Drift')
    const finding = page.getByRole('listitem').filter({ hasText: /distance at flight-delay:/ })
    await expect(finding).toContainText(drill, { timeout: milestoneMsMax })
    await finding.getByRole('link', { name: 'distance' }).click()
    await expect(page).toHaveURL(/\/features\/distance$/)
    await expect(page.getByRole('region', { name: 'Likely cause' })).toContainText(/unit|factor/i)
    await expectAccessible(page)
  })

  await test.step('the objective burns', async () => {
    await openFromRail(page, 'SLOs')
    const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'flight-delay availability' }) })
    await expect(row).toContainText(/Burning|Budget spent/, { timeout: milestoneMsMax })
    await row.getByRole('link').click()
    await expect(page).toHaveURL(/\/slos\/[^/]+$/)
    await expectAccessible(page)
  })

  await test.step('at the main endpoint the watch holds and calls a person', async () => {
    await openFromRail(page, 'Rollouts')
    await page.getByRole('link', { name: 'flight-delay 1.0.0 → 2.0.0' }).click()
    await expect(
      page
        .getByRole('listitem')
        .filter({ hasText: /\(watch\)/ })
        .first(),
    ).toBeVisible({
      timeout: milestoneMsMax,
    })
  })

  await test.step('at the regional endpoint it is rolled back', async () => {
    await openFromRail(page, 'Rollouts')
    await page.getByRole('link', { name: 'flight-delay-regional 1.0.0 → 2.0.0' }).click()
    await expect(page.getByText('Rolled back', { exact: true }).first()).toBeVisible({ timeout: milestoneMsMax })
  })

  await test.step('incidents were opened and say that it is a drill', async () => {
    await openFromRail(page, 'Incidents')
    const rows = page.getByRole('row').filter({ hasText: drill })
    await expect.poll(() => rows.count(), { timeout: milestoneMsMax }).toBeGreaterThanOrEqual(2)
    await rows.first().getByRole('link').first().click()
    await expect(page).toHaveURL(/\/incidents\/[^/]+$/)
    await expectAccessible(page)
  })
})

test('the third version, splendid offline, is taken back by the verdict', async ({ signedIn }) => {
  const page = await signedIn('olu', 'flights')
  // The feed is repaired, as every page says.
  await expect(page.getByRole('button', { name: /^demo/ })).toBeVisible({ timeout: milestoneMsMax })
  await setPace(page, 2)
  await openFromRail(page, 'Rollouts')
  await page.getByRole('link', { name: 'flight-delay 2.0.0 → 3.0.0' }).click({ timeout: milestoneMsMax })
  await setPace(page, 1)
  const stages = page.getByRole('list', { name: 'Stages of the rollback' })
  await expect(stages).toContainText('Breach seen', { timeout: milestoneMsMax })
  await expect(page.getByText('Rolled back', { exact: true }).first()).toBeVisible({ timeout: milestoneMsMax })
  await expect(stages.getByRole('listitem')).toHaveText([
    /^Breach seen/,
    /^Intent committed/,
    /^Traffic applied/,
    /^Traffic verified/,
    /^Alias verified/,
    /^Rolled back/,
  ])
  // The last stage ends when the candidate's server was taken away, some seconds after the traffic.
  await expect(stages.locator('time')).toHaveCount(6, { timeout: milestoneMsMax })
  const times = await stages
    .locator('time')
    .evaluateAll((all) => all.map((time) => time.getAttribute('datetime') ?? ''))
  expect(times).toHaveLength(6)
  expect(times.map((time) => Date.parse(time))).not.toContain(Number.NaN)
  // Traffic and alias are two things outside: either may be read back first.
  const [seen, intent, applied, verified, alias, ended] = times.map((time) => Date.parse(time))
  expect([seen, intent, applied, verified, ended]).toEqual(
    [seen!, intent!, applied!, verified!, ended!].toSorted((a, b) => a - b),
  )
  expect(alias).toBeGreaterThanOrEqual(intent!)
  expect(alias).toBeLessThanOrEqual(ended!)
  await expectAccessible(page)
})

test('an auditor verifies an entry of the log in the browser', async ({ signedIn }) => {
  const page = await signedIn('ingrid', 'flights')
  await page.goto(paths.audit())
  await page.getByRole('link', { name: 'rollout:roll-back' }).first().click()
  await expect(page).toHaveURL(/\/audit\/[^/]+$/)
  await expect(page.getByText('Verified in your browser')).toBeVisible({ timeout: 60_000 })
  await expect(page.getByText(/^leaf [\d,]+ of [\d,]+$/)).toBeVisible()
  await expectAccessible(page)
})
