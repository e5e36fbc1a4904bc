import { exportPack } from '#lib/packs/export-pack.ts'
import { ExportPackInput } from '#lib/packs/model.ts'
import { isProblem, toProblemDocument } from '#lib/platform/errors.ts'
import { currentSession } from '../../../_server/session.ts'

const kinds: Readonly<Record<string, string>> = { mv: 'version', ap: 'approval', ro: 'rollout', in: 'incident' }

/** The evidence pack of a thing by its id, as a file to keep. That it was made is recorded. */
export async function GET(request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  // Making a pack is recorded under the reader's name: no page of another site may cause it.
  if (request.headers.get('sec-fetch-site') === 'cross-site')
    return new Response('Open it from the console.', { status: 403 })
  const session = await currentSession()
  if (!session) return new Response('Sign in first.', { status: 401 })
  const { id } = await params
  const input = ExportPackInput.safeParse({ kind: kinds[id.slice(0, 2)], id })
  if (!input.success) return new Response('There is no such thing to make a pack of.', { status: 404 })
  try {
    const { name, zip } = await exportPack(session.ctx, input.data)
    return new Response(Uint8Array.from(zip), {
      headers: {
        'content-type': 'application/zip',
        'content-disposition': `attachment; filename="${name}"`,
        'x-content-type-options': 'nosniff',
        'cache-control': 'private, no-store',
      },
    })
  } catch (error) {
    if (!isProblem(error)) throw error
    const { status, detail } = toProblemDocument(error, session.ctx.requestId)
    return new Response(detail, { status })
  }
}
