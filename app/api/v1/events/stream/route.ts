import { hearChanges, isHearing } from '../../../../_server/change-hub.ts'
import { currentSession } from '../../../../_server/session.ts'

export const dynamic = 'force-dynamic'

const pingMs = 2_000
const coalesceMs = 250
/** A stream ends after this long and the browser opens another: a revoked session is noticed then. */
const streamMsMax = 10 * 60_000

/**
 * The live stream of the console (Server-Sent Events): `ping` every two seconds while the server hears of changes and `stale`
 * while it does not, `change` when something of the installation may have changed. It carries no data, only the hint to ask again, so it tells nothing across workspaces.
 */
export async function GET(request: Request): Promise<Response> {
  const session = await currentSession()
  if (!session)
    return new Response('Sign in first.\n', { status: 401, headers: { 'content-type': 'text/plain; charset=utf-8' } })
  const { ctx } = session
  const encoder = new TextEncoder()
  let leave: (() => void) | undefined
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (event: string, data: unknown) =>
        controller.enqueue(encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`))
      let waiting: NodeJS.Timeout | undefined
      const changed = (channel: string) => {
        if (channel === 'lost') return send('stale', {})
        waiting ??= setTimeout(() => {
          waiting = undefined
          send('change', {})
        }, coalesceMs)
      }
      const unhear = hearChanges(ctx, changed)
      const pings = setInterval(() => send(isHearing() ? 'ping' : 'stale', {}), pingMs)
      const end = setTimeout(() => {
        leave?.()
        controller.close()
      }, streamMsMax)
      leave = () => {
        unhear?.()
        clearInterval(pings)
        clearTimeout(waiting)
        clearTimeout(end)
        leave = undefined
      }
      if (!unhear) {
        leave()
        controller.close()
        return
      }
      send('ping', {})
      request.signal.addEventListener('abort', () => leave?.(), { once: true })
    },
    cancel() {
      leave?.()
    },
  })
  return new Response(stream, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    },
  })
}
