import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { kubernetesClient, type KubernetesCall } from './client.ts'

/** A server that answers with these statuses, one a request; what a real one answers is held by the conformance suite. */
async function answering(statuses: number[]) {
  const seen: string[] = []
  const server = createServer((asked, answer) => {
    seen.push(`${asked.method} ${asked.headers.authorization}`)
    answer.writeHead(statuses[seen.length - 1] ?? 500, { 'retry-after': '0' }).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const access = {
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: null,
    serverName: null,
    namespace: null,
    identity: { kind: 'token', token: 't' } as const,
  }
  const client = kubernetesClient(access, { timeoutMs: 5_000, nowMs: () => 0, environment: {} })
  onTestFinished(async () => {
    await client.close()
    server.close()
  })
  return { client, seen }
}

const read: KubernetesCall = { method: 'GET', path: '/x' }
const write: KubernetesCall = { method: 'PATCH', path: '/x', body: {} }

describe('requests to an API server', () => {
  it.each([
    ['a read that failed', read, [503, 200], 'answer', 2],
    ['a read that fails for good, a few times', read, [503, 503, 503, 200], 'unreachable', 3],
    ['a write that was turned away before it began', write, [429, 200], 'answer', 2],
    ['a write that may have been carried out, never', write, [504, 200], 'unreachable', 1],
    ['what was refused, never', write, [409, 200], 'answer', 1],
    ['a request whose credentials were refused, once', write, [401, 200], 'answer', 2],
    ['a request whose credentials stay refused, once', write, [401, 401, 200], 'unreachable', 2],
    ['a redirect, never', read, [302, 200], 'answer', 1],
  ] as const)('repeats %s', async (_, asked, statuses, kind, times) => {
    const { client, seen } = await answering([...statuses])
    expect(await client.call(asked)).toMatchObject({ kind })
    expect(seen).toEqual(Array.from({ length: times }, () => `${asked.method} Bearer t`))
  })
})
