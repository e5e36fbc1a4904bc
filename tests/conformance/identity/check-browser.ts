import type { Browser, BrowserContext, Page } from '@playwright/test'
import type { Keycloak } from './keycloak.ts'
import type { Product } from './product.ts'
import { password } from './realm.ts'
import { check, same } from './record.ts'

type With = { browser: Browser; product: Product; keycloak: Keycloak }
const sessionName = 'quarterdeck-session'

/** Signs somebody in at Keycloak's own pages and waits until the browser is back. */
async function signInAtKeycloak(page: Page, product: Product, username: string): Promise<void> {
  await page.goto(`${product.origin}/sign-in`)
  await page.getByRole('link', { name: 'Continue with Company Keycloak' }).click()
  await page.locator('#username').fill(username)
  await confirmPassword(page, product)
}

async function confirmPassword(page: Page, product: Product): Promise<void> {
  await page.locator('#password').fill(password)
  await Promise.all([page.waitForURL((url) => url.origin === product.origin), page.locator('#kc-login').click()])
}

async function sessionOf(context: BrowserContext, product: Product): Promise<string | undefined> {
  const cookies = await context.cookies(product.origin)
  return cookies.find((c) => c.name === sessionName)?.value
}

/** Whether a copy of a session's cookie still opens the console. */
async function opens(product: Product, cookie: string | undefined): Promise<boolean> {
  const answer = await fetch(`${product.origin}/settings`, {
    headers: { cookie: `${sessionName}=${cookie ?? ''}` },
    redirect: 'manual',
  })
  const text = await answer.text()
  return answer.status === 200 && !text.includes('/sign-in"') && text.includes('Your sessions')
}

export async function checkBrowser({ browser, product }: With): Promise<void> {
  const context = await browser.newContext()
  const page = await context.newPage()
  await check('Keycloak: a person signs in through the browser and has the role that their claims give', async () => {
    await signInAtKeycloak(page, product, 'dana')
    await page.goto(`${product.origin}/settings`)
    await page.getByText('dana Test').first().waitFor({ timeout: 10_000 })
    const [cookie] = (await context.cookies(product.origin)).filter((c) => c.name === sessionName)
    same('the cookie', [cookie?.httpOnly, cookie?.sameSite], [true, 'Lax'])
  })
  await check('Keycloak: a confirmation (step-up) asks for the password again and gives another session', async () => {
    const before = await sessionOf(context, product)
    await page.goto(`${product.origin}/sign-in/start?confirm=1&returnTo=/settings`)
    same('the page', new URL(page.url()).pathname.includes('/realms/'), true)
    await confirmPassword(page, product)
    same('the place', new URL(page.url()).pathname, '/settings')
    const after = await sessionOf(context, product)
    same('another session', after !== before && after !== undefined, true)
    same('the sessions that open', [await opens(product, before), await opens(product, after)], [false, true])
  })
  await check('Keycloak: signing out ends our session and theirs (RP-initiated logout)', async () => {
    const before = await sessionOf(context, product)
    await page.goto(`${product.origin}/settings`)
    await page.getByRole('button', { name: 'Sign out', exact: true }).first().click()
    await page.waitForURL(`${product.origin}/sign-in**`, { timeout: 20_000 })
    same('the copy of the cookie opens', await opens(product, before), false)
    await page.getByRole('link', { name: 'Continue with Company Keycloak' }).click()
    await page.locator('#username').waitFor({ timeout: 10_000 })
  })
  await check('Keycloak: a person without a role is told who they are and to whom to turn', async () => {
    const other = await browser.newContext()
    const nora = await other.newPage()
    await signInAtKeycloak(nora, product, 'nora')
    await nora.getByRole('heading', { name: 'No workspace yet' }).waitFor({ timeout: 10_000 })
    await other.close()
  })
  await check('A sign-in that was begun in another browser is refused (login CSRF)', async () => {
    const other = await browser.newContext()
    const stranger = await other.newPage()
    await stranger.goto(`${product.origin}/sign-in/callback?code=abc&state=${'s'.repeat(43)}`)
    same('the place', stranger.url(), `${product.origin}/sign-in?failed=refused`)
    same('the session', await sessionOf(other, product), undefined)
    await other.close()
  })
  await context.close()
}

/** Signs in at oidc-provider's own pages (its development interactions). */
export async function checkLightBrowser({ browser, product }: Omit<With, 'keycloak'>): Promise<void> {
  const signIn = async (page: Page, login: string) => {
    await page.locator('input[name=login]').fill(login)
    await page.locator('input[name=password]').fill('anything')
    await page.locator('button[type=submit]').click()
    // Its second page asks for consent, once for each session and client.
    const consent = page.locator('input[name=prompt][value=consent]')
    await Promise.race([consent.waitFor({ state: 'attached' }), page.waitForURL(`${product.origin}/**`)])
    if (await consent.count()) await page.locator('button[type=submit]').click()
    await page.waitForURL((url) => url.origin === product.origin)
  }
  const context = await browser.newContext()
  const page = await context.newPage()
  await check('oidc-provider: a person signs in through the browser', async () => {
    await page.goto(`${product.origin}/sign-in/start?issuer=light&returnTo=/settings`)
    await signIn(page, 'lena')
    same('the place', new URL(page.url()).pathname, '/settings')
    await page.getByText('Light lena').first().waitFor({ timeout: 10_000 })
  })
  await check('oidc-provider: a confirmation by somebody else is refused and changes nothing', async () => {
    const before = await sessionOf(context, product)
    await page.goto(`${product.origin}/sign-in/start?confirm=1&returnTo=/settings`)
    await signIn(page, 'somebody-else')
    same('the place', page.url().endsWith('failed=refused') || new URL(page.url()).pathname === '/', true)
    same('the session', await sessionOf(context, product), before)
    same('it still opens', await opens(product, before), true)
  })
  await check('oidc-provider: groups left out of the ID token are an error, not an absence of roles', async () => {
    const other = await browser.newContext()
    const crowded = await other.newPage()
    await crowded.goto(`${product.origin}/sign-in/start?issuer=light`)
    await signIn(crowded, 'crowded')
    await crowded.getByText('left your groups out').waitFor({ timeout: 10_000 })
    same('the session', await sessionOf(other, product), undefined)
    await other.close()
  })
  await context.close()
}
