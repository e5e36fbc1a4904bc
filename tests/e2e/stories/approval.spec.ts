import { expect, test, type Page } from '../setup/people.ts'

const digest = `sha256:${'a1'.repeat(32)}`

/** Fills the reason of the dialog that is open and presses its verb. */
async function decide(page: Page, reason: string, verb: string): Promise<void> {
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Reason' }).fill(reason)
  await dialog.getByRole('button', { name: verb }).click()
}

test('a version is approved by two people who did not build it', async ({ signedIn, api }) => {
  const [ingrid, dana] = await Promise.all([api('ingrid', 'default'), api('dana', 'default')])
  const production = await ingrid.post('/environments', { name: 'production', protected: true })
  expect(production.status).toBe(201)
  const model = await dana.post('/models', { name: 'fraud-scorer', title: 'Fraud scorer', risk: 'high' })
  expect(model.status).toBe(201)
  const version = await dana.post(`/models/${String(model.body['id'])}/versions`, {
    version: '1.0.0',
    digest,
    artifactUri: 's3://models/fraud-scorer/1.0.0',
    evaluation: { dataset: 'holdout', rows: 20_000, metrics: { auc: 0.91 } },
    card: '# Fraud scorer',
  })
  expect(version.status).toBe(201)

  const danas = await signedIn('dana', 'default')
  await test.step('dana asks for approval', async () => {
    await danas.getByRole('navigation', { name: 'Main', exact: true }).getByRole('link', { name: 'Models' }).click()
    await danas.getByRole('link', { name: 'fraud-scorer' }).click()
    await expect(danas.getByRole('heading', { level: 1 })).toContainText('fraud-scorer')
    await danas.getByRole('link', { name: '1.0.0', exact: true }).click()
    // The page of the model has the same button: wait for that of the version.
    await expect(danas.getByRole('heading', { level: 1 })).toHaveText('fraud-scorer 1.0.0')
    await danas.getByRole('button', { name: 'Request approval for production…' }).click()
    await expect(danas.getByRole('dialog').getByRole('list', { name: 'Plan' })).toContainText('2 approvers')
    await decide(danas, 'Better on the holdout of March.', 'Request approval of 1.0.0')
    await expect(danas.getByRole('dialog').getByRole('status')).toContainText('Asked for under the policy protected')
    await danas.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
  })

  const priyas = await signedIn('priya', 'default')
  await test.step('priya, for whom it waits, approves', async () => {
    const entry = priyas.getByRole('navigation', { name: 'Main', exact: true }).getByRole('link', { name: 'Approvals' })
    await expect(entry).toContainText('1 waiting for you')
    await entry.click()
    await priyas.getByRole('link', { name: 'fraud-scorer 1.0.0' }).click()
    await expect(priyas.getByRole('heading', { level: 1 })).toContainText('fraud-scorer 1.0.0')
    await priyas.getByRole('button', { name: 'Approve…' }).click()
    await expect(priyas.getByRole('dialog').getByRole('list', { name: 'Plan' })).toContainText('a1a1a1a1')
    await decide(priyas, 'The evaluation is on later data.', 'Approve 1.0.0')
    await expect(priyas.getByRole('dialog').getByRole('status')).toBeVisible()
    await priyas.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
    await expect(priyas.getByText('Waiting: 1 of 2 approvers.', { exact: true })).toBeVisible()
  })

  await test.step('dana sees that she may not, and why', async () => {
    await danas.goto(priyas.url())
    const approve = danas.getByRole('button', { name: 'Approve…' })
    await expect(approve).toHaveAttribute('aria-disabled', 'true')
    await approve.press('Enter')
    await expect(danas.getByText(/Rule: approval:vote/).filter({ visible: true })).toBeVisible()
    await expect(danas.getByText(/^Who can: .*Tomás Vidal/).filter({ visible: true })).toBeVisible()
  })

  await test.step('tomas approves, and the request is approved for everybody who looks', async () => {
    const tomas = await signedIn('tomas', 'default')
    await tomas.goto(priyas.url())
    await tomas.getByRole('button', { name: 'Approve…' }).click()
    await decide(tomas, 'Validated on the shadow data.', 'Approve 1.0.0')
    await expect(tomas.getByRole('dialog').getByRole('status')).toBeVisible()
    await tomas.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
    for (const page of [tomas, danas, priyas]) {
      await expect(page.getByText('Approved', { exact: true }).first()).toBeVisible()
    }
    const { body } = await dana.get(`/approvals/${priyas.url().split('/').at(-1)}`)
    expect(body).toMatchObject({ state: 'approved', subject: { version: { digest } } })
  })
})

test('a vote on what is no longer asked is refused and says so', async ({ signedIn, api }) => {
  const [ingrid, dana, priya] = await Promise.all(
    (['ingrid', 'dana', 'priya'] as const).map((persona) => api(persona, 'default')),
  )
  const environment = await ingrid!.post('/environments', { name: 'staging', protected: false })
  const model = await dana!.post('/models', { name: 'churn', title: 'Churn' })
  const version = await dana!.post(`/models/${String(model.body['id'])}/versions`, {
    version: '2.0.0',
    digest,
    artifactUri: 's3://models/churn/2.0.0',
  })
  const ask = { versionId: version.body['id'], environmentId: environment.body['id'], reason: 'to try it' }
  const first = await dana!.post('/approvals', ask)
  expect(first.status).toBe(201)

  const page = await signedIn('priya', 'default')
  await page.goto(`/approvals/${String(first.body['id'])}`)
  await page.getByRole('button', { name: 'Approve…' }).click()
  const withdrawn = await dana!.post(`/approvals/${String(first.body['id'])}/withdraw`, { reason: 'the wrong data' })
  expect(withdrawn.status).toBe(200)
  await decide(page, 'Looks good to me.', 'Approve 2.0.0')
  await expect(page.getByRole('dialog').getByRole('alert')).toContainText('withdrawn')

  await test.step('a page that shows another revision than the one that is asked', async () => {
    const second = await dana!.post('/approvals', ask)
    await page.goto(`/approvals/${String(second.body['id'])}`)
    await page.getByRole('button', { name: 'Approve…' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('Looks good to me.')
    const revision = dialog.locator('input[name="revisionDigest"]')
    await revision.evaluate((input: HTMLInputElement) => (input.value = `sha256:${'0'.repeat(64)}`))
    await dialog.getByRole('button', { name: 'Approve 2.0.0' }).click()
    await expect(page.getByRole('dialog').getByRole('alert')).toContainText('has changed since you read it')
    const { body } = await priya!.get(`/approvals/${String(second.body['id'])}`)
    expect(body).toMatchObject({ state: 'open', votes: [] })
  })
})
