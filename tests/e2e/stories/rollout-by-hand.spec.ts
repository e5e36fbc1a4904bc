import { expect, test, type Page } from '../setup/people.ts'
import { serveFirst } from '../setup/serving.ts'

async function decide(page: Page, opener: string, reason: string, verb: string): Promise<void> {
  await page.getByRole('button', { name: opener }).click()
  await page.getByRole('dialog').getByRole('textbox', { name: 'Reason' }).fill(reason)
  await page.getByRole('dialog').getByRole('button', { name: verb }).click()
}

test('an operator holds a rollout, lets it go on and takes it back; a developer may not', async ({ signedIn, api }) => {
  test.slow()
  const [ingrid, dana, priya, olu] = await Promise.all(
    (['ingrid', 'dana', 'priya', 'olu'] as const).map((persona) => api(persona, 'default')),
  )
  const serving = await serveFirst({ ingrid: ingrid!, dana: dana!, priya: priya!, olu: olu! }, 'recommender')
  const started = await olu!.post('/rollouts', {
    endpointId: serving.endpointId,
    versionId: serving.versionIds[1],
    reason: 'better recall',
  })
  expect(started.status, JSON.stringify(started.body)).toBe(201)
  const rollout = `/rollouts/${String(started.body['id'])}`

  const page = await signedIn('olu', 'default')
  await test.step('the page shows the first weight once it was read back', async () => {
    await page.getByRole('navigation', { name: 'Main', exact: true }).getByRole('link', { name: 'Rollouts' }).click()
    await page.getByRole('link', { name: 'recommender 1.0.0 → 2.0.0' }).click()
    await expect(page.getByText('Canary at 5 %', { exact: true })).toBeVisible({ timeout: 60_000 })
    await expect(page.getByRole('list', { name: 'Steps' }).getByRole('listitem').first()).toContainText('verified', {
      timeout: 30_000,
    })
  })

  await test.step('it is held with a reason', async () => {
    await decide(page, 'Hold…', 'waiting for the data team', 'Hold at 5 %')
    await expect(page.getByRole('dialog').getByRole('status').first()).toContainText('It is held')
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
    await expect(page.getByText('Held at 5 %', { exact: true })).toBeVisible()
    await expect(page.getByRole('listitem').filter({ hasText: 'waiting for the data team' }).first()).toBeVisible()
  })

  await test.step('a developer finds the verbs closed and reads who can', async () => {
    const danas = await signedIn('dana', 'default')
    await danas.goto(rollout)
    const button = danas.getByRole('button', { name: 'Roll back…' })
    await expect(button).toHaveAttribute('aria-disabled', 'true')
    await button.press('Enter')
    await expect(danas.getByText(/Rule: rollout:roll-back/).filter({ visible: true })).toBeVisible()
    await expect(danas.getByText(/^Who can: .*Olu Adeyemi/).filter({ visible: true })).toBeVisible()
  })

  await test.step('it goes on', async () => {
    await decide(page, 'Resume…', 'the data is complete', 'Resume')
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
    await expect(page.getByText('Canary at 5 %', { exact: true })).toBeVisible()
  })

  await test.step('it is taken back: requested, applied and verified', async () => {
    await decide(page, 'Roll back…', 'customers complain about it', 'Roll back to 1.0.0')
    const progress = page.getByRole('dialog').getByRole('list', { name: 'Progress' })
    await expect(progress.getByRole('listitem').nth(0)).toContainText(/^Requested/i)
    await expect(progress.getByRole('listitem').nth(1)).toContainText(/^Applied/i, { timeout: 30_000 })
    await expect(progress.getByRole('listitem').nth(2)).toContainText(/^Verified/i, { timeout: 30_000 })
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
    await expect(page.getByText('Rolled back', { exact: true }).first()).toBeVisible({ timeout: 30_000 })
  })

  // The endpoint is read back by a reconciler of its own, on its next turn: `observed` is of the time in `observedAt`.
  await expect
    .poll(async () => (await olu!.get(`/endpoints/${serving.endpointId}`)).body, { timeout: 60_000 })
    .toMatchObject({
      stable: { versionId: serving.versionIds[0] },
      observed: { traffic: { weights: expect.arrayContaining([{ versionId: serving.versionIds[0], percent: 100 }]) } },
    })
})
