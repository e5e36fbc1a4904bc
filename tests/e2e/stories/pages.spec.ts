import { expectAccessible, expectFitsPhone } from '../setup/accessible.ts'
import { expect, test, type Page } from '../setup/people.ts'
import { rooms, thingsOf } from '../setup/rooms.ts'

/** What must be so on every page, whoever looks at it. */
async function expectSound(page: Page, path: string): Promise<void> {
  await test.step(path, async () => {
    const response = await page.goto(path)
    expect.soft(response?.status(), path).toBe(200)
    expect.soft(response?.headers()['content-security-policy'], path).toContain("default-src 'self'")
    await expect.soft(page.getByRole('heading', { level: 1 }), path).toHaveCount(1)
    await expect.soft(page.getByText('This page could not be shown'), path).toHaveCount(0)
    await expectAccessible(page)
    await expectFitsPhone(page)
  })
}

test('every room without anything in it is sound, and says what would fill it', async ({ signedIn }) => {
  test.slow()
  const page = await signedIn('dana', 'default')
  for (const path of rooms) await expectSound(page, path)
})

for (const persona of ['olu', 'dana'] as const) {
  test(`every page of the demonstration is sound for ${persona}`, async ({ signedIn, api }) => {
    test.slow()
    const page = await signedIn(persona, 'flights')
    const things = await thingsOf(await api('olu', 'flights'))
    for (const path of [...rooms, ...things]) await expectSound(page, path)
  })
}

test('what is open without signing in and the page for nothing are sound', async ({ page }) => {
  for (const path of ['/sign-in', '/verify']) await expectSound(page, path)
  await expectSound(page, '/verify')
  await page.goto('/nowhere')
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1)
  await expectAccessible(page)
  await expectFitsPhone(page)
})
