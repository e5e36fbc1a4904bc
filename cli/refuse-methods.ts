/**
 * Preloaded (`node --import`) where Next serves: answers 405 to methods that no page and no route has, before Next sees them.
 * It would answer TRACE with a server error (the Fetch standard forbids a Request of that method) and others with an empty 400.
 */
import { Server, type IncomingMessage, type ServerResponse } from 'node:http'

const answered = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']

type Emit = (this: Server, event: string | symbol, ...args: unknown[]) => boolean
const emit = Reflect.get(Server.prototype, 'emit') as Emit

// Next makes its own server and gives no way to stand before it, so the one event that brings a request is looked at here.
Reflect.set(Server.prototype, 'emit', function (this: Server, event: string | symbol, ...args: unknown[]): boolean {
  if (event !== 'request') return emit.call(this, event, ...args)
  const [request, response] = args as [IncomingMessage, ServerResponse]
  if (answered.includes(request.method ?? '')) return emit.call(this, event, ...args)
  refuse(response)
  return true
} satisfies Emit)

function refuse(response: ServerResponse): void {
  const allow = answered.join(', ')
  const problem = {
    type: 'https://quarterdeck.dev/problems/method-not-allowed',
    title: 'This path does not answer that method',
    status: 405,
    code: 'method-not-allowed',
    detail: `This server answers ${allow} at most.`,
  }
  response.writeHead(405, {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    allow,
    // A body that nobody reads must not stand before the next request.
    connection: 'close',
  })
  response.end(JSON.stringify(problem))
}
