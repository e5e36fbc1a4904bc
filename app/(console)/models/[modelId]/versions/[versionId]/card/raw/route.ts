import { readCard } from '#lib/models/reads-card.ts'
import { isProblem, toProblemDocument } from '#lib/platform/errors.ts'
import { currentSession } from '../../../../../../../_server/session.ts'

/** The card as a file, byte for byte: README.md, as Hugging Face's repositories name it. */
export async function GET(
  _: Request,
  { params }: { params: Promise<{ modelId: string; versionId: string }> },
): Promise<Response> {
  const session = await currentSession()
  if (!session) return new Response('Sign in first.', { status: 401 })
  try {
    const { text } = await readCard(session.ctx, { versionId: (await params).versionId })
    return new Response(text, {
      headers: {
        'content-type': 'text/markdown; charset=utf-8',
        'content-disposition': 'attachment; filename="README.md"',
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
