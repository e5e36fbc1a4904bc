import { join } from 'node:path'
import { processesOf } from '../../conformance/start/installation.ts'
import { openProduct, type OpenProduct } from '../setup/open-product.ts'
import { expect, signIn, test as base } from '../setup/people.ts'

/** A product of its own, because this story kills a part of it. */
const test = base.extend<object, { product: OpenProduct }>({
  product: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads from the pattern what a fixture needs
    async ({}, use, { workerIndex }) => {
      const logFile = join(
        import.meta.dirname,
        '..',
        '..',
        '..',
        'var',
        'reports',
        `stories-restart-${workerIndex}.log`,
      )
      const product = await openProduct({ demo: false, logFile })
      await use(product)
      await product.close()
    },
    { scope: 'worker', timeout: 300_000 },
  ],
})

test('an open page shows what changes, says when it is cut off, and comes back', async ({
  page,
  product,
  api,
  complaints,
}) => {
  let lastFetch = performance.now()
  page.on('request', (request) => {
    if (!request.url().endsWith('/events/stream')) lastFetch = performance.now()
  })
  await signIn(page, 'dana')
  const dana = await api('dana', 'default')
  await page.getByRole('navigation', { name: 'Main', exact: true }).getByRole('link', { name: 'Models' }).click()
  await expect(page.getByRole('button', { name: /^Live/ })).toBeVisible()

  await test.step('a model that is registered by the API appears without a reload', async () => {
    await page.evaluate(() => Object.assign(window, { loadedOnce: true }))
    expect((await dana.post('/models', { name: 'ranker', title: 'Ranker' })).status).toBe(201)
    await expect(page.getByRole('link', { name: 'ranker' })).toBeVisible()
    expect(await page.evaluate(() => 'loadedOnce' in window)).toBe(true)
  })

  await test.step('what changed is shown: nothing is being fetched', async () => {
    // A fetch of the page that breaks off in the middle makes Next.js load it anew, which is not what this story is about.
    await expect.poll(() => performance.now() - lastFetch, { timeout: 30_000 }).toBeGreaterThan(3_000)
  })

  await test.step('the web process is killed: the page says so within five seconds', async () => {
    const web = processesOf(product.data).filter(({ command }) => /next-server|next.*start/.test(command))
    expect(web.length).toBeGreaterThan(0)
    for (const { pid } of web) process.kill(pid, 'SIGKILL')
    await expect(page.getByRole('button', { name: /^Reconnecting/ })).toBeVisible({ timeout: 5_000 })
  })

  await test.step('it is started again, and the page comes back by itself', async () => {
    await expect(page.getByRole('button', { name: /^Live/ })).toBeVisible({ timeout: 60_000 })
    expect((await dana.post('/models', { name: 'scorer', title: 'Scorer' })).status).toBe(201)
    await expect(page.getByRole('link', { name: 'scorer' })).toBeVisible()
    expect(await page.evaluate(() => 'loadedOnce' in window)).toBe(true)
  })
  // A stream that breaks is an error to the browser's console; that is what this story is about.
  const own = complaints.filter((complaint) => !/ERR_|Failed to fetch|network error|was answered 50\d/i.test(complaint))
  complaints.splice(0, complaints.length, ...own)
})
