import { z } from 'zod'
import { callApi, type ApiFlags } from './api-client.ts'
import { findEnvironmentId, findVersionId } from './find-version.ts'

export type RequestFlags = ApiFlags & { model: string; version: string; env: string; reason: string }
export type VoteFlags = ApiFlags & { revision: string; reason: string }

const Can = z.looseObject({ allowed: z.boolean(), because: z.string().optional() })
const Shown = z.object({
  state: z.string(),
  because: z.string(),
  revision: z.number(),
  revisionDigest: z.string(),
  evidence: z.array(z.object({ kind: z.string(), ok: z.boolean(), because: z.string() })),
  votes: z.array(z.object({ voter: z.object({ name: z.string() }), decision: z.string(), reason: z.string() })),
  mine: z.object({ vote: Can }),
})

/** Asks for approval; tells the request's id. */
export async function requestByApi(flags: RequestFlags): Promise<void> {
  const versionId = await findVersionId(flags, flags.model, flags.version)
  const environmentId = await findEnvironmentId(flags, flags.env)
  const answer = await callApi(flags, 'POST', '/approvals', { versionId, environmentId, reason: flags.reason })
  process.stdout.write(`${z.object({ id: z.string() }).parse(answer).id}\n`)
}

/** Tells a request as lines of text. */
export async function showApproval(id: string, flags: ApiFlags): Promise<void> {
  const shown = Shown.parse(await callApi(flags, 'GET', `/approvals/${encodeURIComponent(id)}`))
  const may = shown.mine.vote
  const lines = [
    `${shown.state}: ${shown.because}`,
    `revision ${shown.revision} ${shown.revisionDigest}`,
    ...shown.evidence.map(({ kind, ok, because }) => `evidence ${kind} ${ok ? 'counts' : 'fails'}: ${because}`),
    ...shown.votes.map(({ voter, decision, reason }) => `vote of ${voter.name}: ${decision}: ${reason}`),
    may.allowed ? 'you may vote' : `you may not vote: ${may.because ?? 'the server gives no reason'}`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** Votes; tells how the request stands then. */
export async function voteByApi(id: string, decision: string, flags: VoteFlags): Promise<void> {
  const body = { decision, reason: flags.reason, revisionDigest: flags.revision }
  const answer = await callApi(flags, 'POST', `/approvals/${encodeURIComponent(id)}/votes`, body)
  const { state, because } = z.object({ state: z.string(), because: z.string() }).parse(answer)
  process.stdout.write(`${state}: ${because}\n`)
}
