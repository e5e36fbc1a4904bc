import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { System } from './context.ts'

export type ProbeServer = { url: string; stop(): Promise<void> }

/**
 * `/healthz` (the process answers), `/readyz` (it can do its work) and `/metrics` of a role that serves nothing else.
 * Loopback or the configured host; port 0 takes a free one.
 */
export async function startProbeServer(
  system: System,
  options: { host: string; port: number; ready: () => Promise<string | undefined> },
): Promise<ProbeServer> {
  const server = createServer((request, response) => {
    answer(system, request.url ?? '/', response, options.ready).catch((error: unknown) => {
      system.log.warn({ err: error }, 'a probe could not be answered')
      response.destroy()
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://${options.host}:${port}`, stop: () => close(server) }
}

async function answer(
  system: System,
  url: string,
  response: ServerResponse,
  ready: () => Promise<string | undefined>,
): Promise<void> {
  const send = (status: number, type: string, body: string) =>
    response.writeHead(status, { 'content-type': type }).end(body)
  switch (url.split('?')[0]) {
    case '/healthz':
      send(200, 'text/plain; charset=utf-8', 'ok\n')
      return
    case '/readyz': {
      const missing = await ready()
      send(missing === undefined ? 200 : 503, 'text/plain; charset=utf-8', `${missing ?? 'ready'}\n`)
      return
    }
    case '/metrics':
      send(200, system.metrics.registry.contentType, await system.metrics.registry.metrics())
      return
    default:
      send(404, 'text/plain; charset=utf-8', 'Here are /healthz, /readyz and /metrics.\n')
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
