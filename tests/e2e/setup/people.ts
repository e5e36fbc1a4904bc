import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { test as base, expect, type BrowserContext, type Page } from '@playwright/test'
import { root } from '../../../scripts/launch.js'
import type { Product } from './open-product.ts'
import { productVariable } from './serve-product.ts'

export { expect, type Page } from '@playwright/test'

export const people = {
  dana: 'Dana Okafor',
  priya: 'Priya Raman',
  tomas: 'Tomás Vidal',
  olu: 'Olu Adeyemi',
  ingrid: 'Ingrid Solberg',
} as const
export type Persona = keyof typeof people
export type Workspace = 'default' | 'flights'

type Answer = { status: number; body: Record<string, unknown> }
export type Api = {
  get(path: string): Promise<Answer>
  post(path: string, body: unknown): Promise<Answer>
}

type Fixtures = {
  /** A browser of one's own in which that person is signed in, in that workspace. */
  signedIn(persona: Persona, workspace: Workspace): Promise<Page>
  /** The API with a token of that person, in that workspace. */
  api(persona: Persona, workspace: Workspace): Promise<Api>
  /** What the browsers complained about: errors on the console, uncaught exceptions, violated policies. Empty at the end. */
  complaints: string[]
}

export const test = base.extend<Fixtures, { product: Product }>({
  product: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads from the pattern what a fixture needs
    async ({}, use) => {
      const said = process.env[productVariable]
      if (said === undefined) throw new Error(`${productVariable} is not set: run the stories by "npm test"`)
      await use(JSON.parse(said) as Product)
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ product }, use) => use(product.origin),
  // oxlint-disable-next-line no-empty-pattern -- as above
  complaints: async ({}, use) => {
    const complaints: string[] = []
    await use(complaints)
    expect(complaints, 'what the browsers complained about').toEqual([])
  },
  page: async ({ page, complaints }, use) => {
    watch(page, complaints)
    await use(page)
  },
  signedIn: async ({ browser, product, complaints, contextOptions }, use) => {
    const contexts: BrowserContext[] = []
    await use(async (persona, workspace) => {
      const context = await browser.newContext({ ...contextOptions, baseURL: product.origin })
      contexts.push(context)
      await context.addCookies([{ name: 'workspace', value: workspace, url: product.origin }])
      const page = await context.newPage()
      watch(page, complaints)
      await signIn(page, persona)
      await context.addCookies([{ name: 'workspace', value: workspace, url: product.origin }])
      return page
    })
    for (const context of contexts) await context.close()
  },
  api: async ({ product }, use) => use(async (persona, workspace) => apiOf(product, persona, workspace)),
})

/** By the page that everybody sees first. */
export async function signIn(page: Page, persona: Persona): Promise<void> {
  await page.goto('/sign-in')
  await page.getByRole('button', { name: `Sign in as ${people[persona]}` }).click()
  await expect(page.getByRole('navigation', { name: 'Main', exact: true })).toContainText(people[persona])
}

function watch(page: Page, complaints: string[]): void {
  page.on('console', (message) => {
    // The browser names no address in "Failed to load resource"; the answers below do.
    if (message.type() !== 'error' || message.text().startsWith('Failed to load resource')) return
    complaints.push(`${page.url()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`${page.url()}: uncaught ${error.message}`))
  page.on('response', (response) => {
    const answer = `${page.url()}: ${response.request().method()} ${response.url()} was answered ${response.status()}`
    if (response.status() >= 500) complaints.push(answer)
    // Told, so that whoever reads the report sees what a page asked for in vain.
    else if (response.status() >= 400) process.stdout.write(`${answer}\n`)
  })
}

const tokens = new Map<string, Promise<string>>()

async function apiOf(product: Product, persona: Persona, workspace: Workspace): Promise<Api> {
  const key = `${product.data} ${persona}`
  const token = tokens.get(key) ?? tokenOf(product, persona)
  tokens.set(key, token)
  const headers = { authorization: `Bearer ${await token}`, 'quarterdeck-workspace': workspace }
  const ask = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(`${product.origin}/api/v1${path}`, { ...init, signal: AbortSignal.timeout(20_000) })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  return {
    get: (path) => ask(path, { headers }),
    post: (path, body) =>
      ask(path, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
  }
}

/** As a person gets one: by the command line, beside the installation that runs. */
async function tokenOf(product: Product, persona: Persona): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(root, 'cli', 'main.ts'), 'token', '--as', persona, '--workspace', 'default'],
    { env: { ...process.env, QUARTERDECK_DATA: product.data } },
  )
  return stdout.trim()
}
