import { createServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import './refuse-methods.ts'
import { nextStart } from './web.ts'

let server: Server
const reached: string[] = []
beforeAll(async () => {
  server = createServer((request, response) => {
    reached.push(request.method ?? '')
    response.end('served')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

function ask(method: string): Promise<{ status: number | undefined; headers: object; body: string }> {
  const { port } = server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: '127.0.0.1', port, method, path: '/api/v1/workspaces' }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (body += chunk))
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

describe('before Next', () => {
  it.each(['TRACE', 'PROPFIND', 'PURGE'])('%s is refused as a problem, and reaches no handler', async (method) => {
    const answer = await ask(method)
    expect(answer.status).toBe(405)
    expect(answer.headers).toMatchObject({
      'content-type': 'application/problem+json',
      allow: 'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT',
    })
    expect(JSON.parse(answer.body)).toMatchObject({ status: 405, code: 'method-not-allowed' })
    expect(reached).not.toContain(method)
  })

  it.each(['GET', 'POST', 'DELETE', 'OPTIONS'])('%s is served', async (method) => {
    expect(await ask(method)).toMatchObject({ status: 200, body: 'served' })
  })

  it('stands in every Node that serves the console', () => {
    const [flag, module] = nextStart('127.0.0.1', 3000)
    expect(flag).toBe('--import')
    expect(module).toBe(new URL('refuse-methods.ts', import.meta.url).href)
  })
})
