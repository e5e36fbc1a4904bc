import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { problem } from '#lib/platform/errors.ts'
import { callApi, type ApiFlags } from './api-client.ts'

export type ConnectFlags = ApiFlags & {
  name: string
  mlflow: string
  username?: string
  caFile?: string
  upstreamWorkspace?: string
  putBack?: boolean
}

const Registry = z.object({
  id: z.string(),
  name: z.string(),
  url: z.string(),
  state: z.string(),
  because: z.string(),
  chosen: z.number(),
  versions: z.number(),
  imported: z.number(),
  failed: z.number(),
})
type Registry = z.output<typeof Registry>
const Page = z.object({ items: z.array(Registry) })
const Models = z.object({
  items: z.array(
    z.object({
      name: z.string(),
      versions: z.number(),
      imported: z.number(),
      chosen: z.boolean(),
      because: z.string().nullable(),
    }),
  ),
  nextCursor: z.string().nullable(),
})
const Connected = z.object({ id: z.string(), hookSecret: z.string() })

const looksMax = 60
const lookPauseMs = 500
const pagesMax = 100

/** Connects and waits for the first answer. Returns the exit code. */
export async function connect(flags: ConnectFlags): Promise<0 | 1> {
  const secret = process.env['QUARTERDECK_REGISTRY_SECRET']
  const { id, hookSecret } = Connected.parse(
    await callApi(flags, 'POST', '/registries', {
      name: flags.name,
      url: flags.mlflow,
      auth: authOf(flags.username, secret),
      ...(flags.caFile === undefined ? {} : { ca: await readFile(flags.caFile, 'utf8') }),
      ...(flags.upstreamWorkspace === undefined ? {} : { upstreamWorkspace: flags.upstreamWorkspace }),
      outsideEdits: flags.putBack ? 'put-back' : 'report',
    }),
  )
  const hook = new URL(`/api/v1/hooks/registries/${id}`, flags.url)
  process.stdout.write(`${id}\nwebhook: ${hook.href}\nwebhook secret (shown this once): ${hookSecret}\n`)
  return tellState(await answered(id, flags))
}

/** Every connection, one a line. */
export async function list(flags: ApiFlags): Promise<void> {
  for (const registry of Page.parse(await callApi(flags, 'GET', '/registries?limit=200')).items) {
    const { name, url, state, imported, versions, failed } = registry
    process.stdout.write(`${name} ${url} ${state}: ${imported} of ${versions} versions are here, ${failed} failed\n`)
  }
}

/** Asks again and waits for the answer. Returns the exit code. */
export async function test(which: string, flags: ApiFlags): Promise<0 | 1> {
  const { id } = await find(which, flags)
  await callApi(flags, 'POST', `/registries/${id}/test`)
  return tellState(await answered(id, flags))
}

/** What the registry shows, one model a line. */
export async function models(which: string, flags: ApiFlags): Promise<void> {
  const { id } = await find(which, flags)
  let cursor: string | null = null
  for (let n = 0; n < pagesMax; n++) {
    const more: string = cursor === null ? '' : `&cursor=${cursor}`
    const page: z.output<typeof Models> = Models.parse(
      await callApi(flags, 'GET', `/registries/${id}/models?limit=200${more}`),
    )
    for (const { name, versions, imported, chosen, because } of page.items) {
      const here = chosen ? `${imported} of ${versions} versions are here` : `${versions} versions, not imported`
      process.stdout.write(`${name}: ${here}${because === null ? '' : ` (${because})`}\n`)
    }
    cursor = page.nextCursor
    if (cursor === null) return
  }
}

/** Chooses models to be imported. */
export async function importModels(which: string, names: readonly string[], flags: ApiFlags): Promise<void> {
  const { id, name } = await find(which, flags)
  await callApi(flags, 'POST', `/registries/${id}/models`, { models: [...names] })
  process.stdout.write(`${names.length} chosen; "quarterdeck registry models ${name}" says how far it is\n`)
}

/** Ends a connection. */
export async function disable(which: string, flags: ApiFlags & { reason: string }): Promise<void> {
  const { id, name } = await find(which, flags)
  await callApi(flags, 'POST', `/registries/${id}/disable`, { reason: flags.reason })
  process.stdout.write(`${name} is disabled\n`)
}

function authOf(username: string | undefined, secret: string | undefined) {
  if (secret === undefined && username === undefined) return { kind: 'none' }
  if (secret === undefined) throw problem('invalid', 'Set QUARTERDECK_REGISTRY_SECRET to the password of that user.')
  return username === undefined ? { kind: 'bearer', token: secret } : { kind: 'basic', username, password: secret }
}

async function find(which: string, flags: ApiFlags): Promise<Registry> {
  const { items } = Page.parse(await callApi(flags, 'GET', '/registries?limit=200'))
  const found = items.find((each) => each.id === which || each.name === which)
  if (!found) throw problem('invalid', `There is no connection named ${which}.`)
  return found
}

async function answered(id: string, flags: ApiFlags): Promise<Registry> {
  for (let n = 0; ; n++) {
    const registry = Registry.parse(await callApi(flags, 'GET', `/registries/${id}`))
    if (registry.state !== 'checking' || n === looksMax) return registry
    await delay(lookPauseMs)
  }
}

function tellState({ state, because }: Registry): 0 | 1 {
  process.stdout.write(`${state}: ${because}\n`)
  return state === 'connected' ? 0 : 1
}
