import type { Server } from 'node:http'
import type { Clock } from '#lib/platform/clock.ts'

/** Listens on 127.0.0.1 and answers the URL. @throws when the port is taken. */
export function listen(server: Server, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('the server has no TCP address'))
      else resolve(`http://127.0.0.1:${address.port}`)
    })
  })
}

/** Takes no new connection, lets requests in flight end, and cuts what is left when the time is over. */
export async function closeWithin(server: Server, clock: Clock, withinMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const finished = new AbortController()
  const limit = clock.sleep(withinMs, finished.signal).then(() => server.closeAllConnections())
  await closed
  finished.abort()
  await limit
}
