/**
 * How long an authorised read of the API takes, at the client: p50, p99 and requests a second with 1 and with 20 requests in
 * flight. One JSON line for each figure.
 *
 *   node bench/api.ts [requests=1000]                   the Hono app on node:http, on a PostgreSQL of its own
 *   node bench/api.ts [requests=1000] <origin> <token>  a running console, through Next.js
 *
 * Beside it, in the same run, a bare node:http server that answers as many bytes at once: what this machine, its loopback and
 * the client take by themselves. Client, server and PostgreSQL share the machine.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { Agent, request } from 'undici'
import { createApi } from '#lib/api/app.ts'
import { createWorkspace } from '#lib/members/create-workspace.ts'
import { issueToken } from '#lib/members/issue-token.ts'
import { registerModel } from '#lib/models/register-model.ts'
import { systemCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import { benchPerson, onBenchSystem } from './installation.ts'

type Target = { name: string; url: string; headers: Record<string, string> }

const [count = '1000', origin, token] = process.argv.slice(2)
const requests = Number(count)
if (!(requests >= 100) || (origin !== undefined && (!URL.canParse(origin) || token === undefined))) {
  console.error('usage: node bench/api.ts [requests 100…] [origin token]')
  process.exit(2)
}
const warmUp = 100
const readPath = '/api/v1/models?limit=20'

await (origin && token ? measureConsole(origin, token) : onBenchSystem(measureOwn))

async function measureConsole(at: string, bearer: string): Promise<void> {
  const headers = { authorization: `Bearer ${bearer}` }
  await compare({ name: 'api-through-next', url: new URL(readPath, at).href, headers })
}

async function measureOwn(system: System): Promise<void> {
  const api = createApi(system, { rateLimit: { burst: 1e9, perSecond: 1e9 } })
  const server = serve({ fetch: api.fetch, hostname: '127.0.0.1', port: 0 }) as Server
  try {
    await new Promise<void>((resolve) => (server.listening ? resolve() : server.once('listening', () => resolve())))
    const headers = { authorization: `Bearer ${await seed(system)}` }
    await compare({ name: 'api', url: `${urlOf(server)}${readPath}`, headers })
  } finally {
    server.close()
  }
}

/** A workspace with twenty models. @returns the token of somebody who may read them */
async function seed(system: System): Promise<string> {
  const { id } = await createWorkspace(systemCtx(system), { name: 'bench', title: 'Bench' })
  const ctx = await benchPerson(system, id, { role: 'developer', name: 'Reader' })
  for (let i = 0; i < 20; i++) await registerModel(ctx, { name: `model-${i}`, title: `Model ${i}` })
  return (await issueToken(ctx, {})).token
}

async function compare(target: Target): Promise<void> {
  const { body, statusCode } = await request(target.url, { headers: target.headers })
  const sample = Buffer.from(await body.arrayBuffer())
  if (statusCode !== 200) throw new Error(`${target.url} answers ${statusCode}: ${sample.toString().slice(0, 300)}`)
  const bare = createServer((_, response) => response.setHeader('content-type', 'application/json').end(sample))
  await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', resolve))
  try {
    for (const parallel of [1, 20])
      for (const each of [{ name: 'bare-node-http', url: urlOf(bare), headers: {} }, target])
        await measure(each, parallel)
  } finally {
    bare.close()
  }
}

async function measure({ name, url, headers }: Target, parallel: number): Promise<void> {
  const dispatcher = new Agent({ connections: parallel, pipelining: 1 })
  const timesMs: number[] = []
  let left = warmUp + requests
  const ask = async () => {
    while (left > 0) {
      left -= 1
      const started = performance.now()
      const { body, statusCode } = await request(url, { headers, dispatcher })
      await body.dump()
      if (statusCode !== 200) throw new Error(`${name} answered ${statusCode}`)
      timesMs.push(performance.now() - started)
    }
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: parallel }, ask))
  const seconds = (performance.now() - started) / 1000
  await dispatcher.close()
  const sorted = timesMs.slice(warmUp).sort((a, b) => a - b)
  const quantile = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN
  report(`${name}-p50-at-${parallel}`, quantile(0.5), 'ms')
  report(`${name}-p99-at-${parallel}`, quantile(0.99), 'ms')
  report(`${name}-rate-at-${parallel}`, (warmUp + requests) / seconds, 'requests/s')
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function report(figure: string, value: number, unit: string): void {
  console.log(JSON.stringify({ benchmark: 'api', figure, value: Math.round(value * 1000) / 1000, unit, requests }))
}
