import { serve } from '@hono/node-server'
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApi } from '#lib/api/app.ts'
import { mlflowUpstream } from '#lib/platform/adapters/mlflow/upstream.ts'
import type { UpstreamSettings } from '#lib/platform/ports/upstream.ts'
import { selectRegistry } from '#lib/registries/queries.ts'
import type { TestSystem } from '../../support/system.ts'
import { mlflowOf } from './client.ts'
import { adminPassword, answers, startMlflow } from './server.ts'
import { mainUrl, python, settingsOf } from './settings.ts'
import { connect, syncSystem } from './synced.ts'

async function probe(url: string, more: Partial<UpstreamSettings> = {}) {
  const upstream = mlflowUpstream(settingsOf(url, more))
  try {
    return await upstream.probe()
  } finally {
    await upstream.close()
  }
}

describe('the doors of MLflow', () => {
  it('basic-auth lets in who it knows, and says of others that it does not', async () => {
    const server = await startMlflow({ python, args: ['--app-name', 'basic-auth'] })
    try {
      const basic = (password: string) => ({ auth: { kind: 'basic' as const, username: 'admin', password } })
      expect(await probe(server.url, basic(adminPassword))).toEqual({ version: '3.17.2' })
      for (const wrong of [basic('wrong'), {}]) {
        await expect(probe(server.url, wrong)).rejects.toMatchObject({ kind: 'unauthenticated' })
      }
    } finally {
      await server.stop()
    }
  })

  it('TLS of an authority of its own is trusted when that is given, and explained when not', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'quarterdeck-tls-'))
    const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')]
    const subject = ['-subj', '/CN=mlflow', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '1']
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject],
      {
        stdio: 'ignore',
      },
    )
    const ca = await readFile(cert, 'utf8')
    const ready = (url: string) =>
      probe(url, { ca }).then(
        () => true,
        () => false,
      )
    const args = ['--uvicorn-opts', `--ssl-keyfile ${key} --ssl-certfile ${cert}`]
    const server = await startMlflow({ python, args, scheme: 'https', ready })
    try {
      expect(await probe(server.url, { ca })).toEqual({ version: '3.17.2' })
      await expect(probe(server.url)).rejects.toThrow('give the PEM of the authority')
    } finally {
      await server.stop()
      await rm(folder, { recursive: true })
    }
  })

  it('the host check is told as what it is', async () => {
    const server = await startMlflow({ python, args: ['--allowed-hosts', 'mlflow.example.test'], ready: answers })
    try {
      await expect(probe(server.url)).rejects.toThrow('start it with --allowed-hosts 127.0.0.1:')
    } finally {
      await server.stop()
    }
  })
})

describe('webhooks of MLflow', () => {
  let t: TestSystem
  let web: ReturnType<typeof serve>
  let origin: string
  beforeAll(async () => {
    t = await syncSystem()
    const { promise, resolve } = Promise.withResolvers<void>()
    const api = createApi(t.system)
    // The API answers under its own name alone; the port of a test is any.
    const answer = (request: Request) => {
      const headers = new Headers(request.headers)
      headers.set('host', '127.0.0.1:3000')
      t.clock.set(new Date())
      return api.fetch(new Request(request, { headers }))
    }
    web = serve({ fetch: answer, port: 0, hostname: '127.0.0.1' }, () => resolve())
    await promise
    origin = `http://127.0.0.1:${(web.address() as AddressInfo).port}`
  })
  afterAll(async () => {
    web.close()
    await t.close()
  })

  it('that MLflow signed wake the synchronisation; a forged one does not', async () => {
    const ws = await t.workspace()
    const { id, hookSecret } = await connect(ws)
    const mlflow = mlflowOf(mainUrl)
    const url = `${origin}/api/v1/hooks/registries/${id}`
    const forged = await fetch(url, {
      method: 'POST',
      body: '{}',
      headers: {
        'x-mlflow-delivery-id': 'a',
        'x-mlflow-timestamp': String(Math.floor(Date.now() / 1000)),
        'x-mlflow-signature': `v1,${'A'.repeat(43)}=`,
      },
    })
    expect(forged.status).toBe(401)
    expect((await selectRegistry(t.system.db, id))?.hookAt).toBeNull()
    const events = [{ entity: 'REGISTERED_MODEL', action: 'CREATED' }]
    await mlflow.call('POST', 'webhooks', { name: 'quarterdeck', url, secret: hookSecret, events })
    await expect
      .poll(
        async () => {
          await mlflow.createModel(`Hook ${performance.now()}`)
          return (await selectRegistry(t.system.db, id))?.hookAt ?? null
        },
        { timeout: 20_000, interval: 500 },
      )
      .toBeInstanceOf(Date)
  })
})
