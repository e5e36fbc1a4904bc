import { paths } from '../../../app/paths.ts'
import { expect, signIn, test } from '../setup/people.ts'

const digest = `sha256:${'b2'.repeat(32)}`

test('the ids of another workspace lead to nothing', async ({ signedIn, api }) => {
  const dana = await api('dana', 'default')
  const model = await dana.post('/models', { name: 'secret-model', title: 'Of the other workspace' })
  const modelId = String(model.body['id'])
  const version = await dana.post(`/models/${modelId}/versions`, {
    version: '1.0.0',
    digest,
    artifactUri: 's3://models/secret',
  })
  const ingrid = await api('ingrid', 'default')
  const entries = await ingrid.get('/audit/entries?limit=1')
  const entry = (entries.body['items'] as { id: string }[])[0]?.id ?? ''
  expect(entry).not.toBe('')

  const page = await signedIn('ingrid', 'flights')
  for (const path of [
    paths.model(modelId),
    paths.modelVersion(modelId, String(version.body['id'])),
    paths.auditEntry(entry),
    paths.rollout('ro_01m84qp0000000000000000000'),
    paths.incident('in_01m84qp0000000000000000000'),
    paths.approval('ap_01m84qp0000000000000000000'),
    paths.endpoint('ep_01m84qp0000000000000000000'),
    paths.qualityEndpoint('ep_01m84qp0000000000000000000'),
    paths.driftMonitor('mn_01m84qp0000000000000000000'),
    paths.driftFeature('mn_01m84qp0000000000000000000', 'distance'),
    paths.slo('sl_01m84qp0000000000000000000'),
    '/nowhere',
  ]) {
    const answer = await page.goto(path)
    expect.soft(answer?.status(), path).toBe(404)
    await expect.soft(page.getByText('There is nothing at this address'), path).toBeVisible()
    await expect.soft(page.getByText('secret-model'), path).toHaveCount(0)
  }
})

test('whoever is signed out is led to the sign-in page', async ({ page }) => {
  for (const path of [paths.home(), paths.approvals(), paths.rollouts(), paths.audit(), paths.costs()]) {
    await page.goto(path)
    await expect(page).toHaveURL(paths.signIn())
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Sign in')
  }
  await signIn(page, 'ingrid')
  await page.getByRole('button', { name: 'Sign out' }).first().click()
  await expect(page).toHaveURL(paths.signIn())
  await page.goto(paths.audit())
  await expect(page).toHaveURL(paths.signIn())
})

test('what another site posts is refused, with the cookies of whoever is signed in', async ({ signedIn, product }) => {
  const page = await signedIn('dana', 'default')
  const { request } = page.context()
  const body = { name: 'smuggled', title: 'Smuggled' }
  const foreign = await request.post(`${product.origin}/api/v1/models`, {
    data: body,
    headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
  })
  expect([401, 403]).toContain(foreign.status())
  // A server action, as the sign-in page posts one.
  const action = await request.post(`${product.origin}/sign-in`, {
    multipart: { persona: 'ingrid' },
    headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'next-action': '0'.repeat(42) },
  })
  expect(action.status()).toBeGreaterThanOrEqual(400)
  const models = await request.get(`${product.origin}${paths.models()}`)
  expect(await models.text()).not.toContain('smuggled')
  await page.goto(paths.home())
  await expect(page.getByRole('navigation', { name: 'Main', exact: true })).toContainText('Dana Okafor')
})
