import { z } from 'zod'
import { authorizeRead } from '#lib/access/authorize.ts'
import { selectPersonIds } from '#lib/access/effective-roles.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { parseApprovalPolicy, type LoadedPolicy } from './policy.ts'
import { selectApprovals, type ApprovalRow } from './queries.ts'
import { selectVotesAsCast, type CastGrant } from './queries-votes.ts'
import { replayDecision, type PastRequest, type Replayed } from './replay-decision.ts'

const requestsMax = 500
const policiesMax = 20

export const WhatIfInput = z.strictObject({
  /** Policy files as they would be, in their order; several in one text are parted by lines of three dashes. */
  policies: z.string().min(1).max(100_000),
  /** How many of the newest requests are replayed. */
  limit: z.number().int().min(1).max(requestsMax).default(200),
})
export type WhatIfInput = z.input<typeof WhatIfInput>

export type WhatIf = {
  policies: { name: string; digest: string }[]
  replayed: number
  /** Those that would have come out otherwise, newest first. */
  otherwise: (Replayed & {
    approvalId: string
    model: string
    version: string
    environment: string
    requestedAt: Date
  })[]
}

/**
 * Which past requests other policies would have decided otherwise, and why. It changes nothing. Votes count by the rights by
 * which they were cast; whoever was kept from voting by the policy of then left no vote to replay.
 * @throws `invalid` when a policy does not parse, with line and field
 */
export async function whatIf(ctx: Ctx, input: WhatIfInput): Promise<WhatIf> {
  const { policies: text, limit } = parseInput(WhatIfInput, input)
  await authorizeRead(ctx, 'approval:read')
  const policies = parseAll(text)
  const rows = await selectApprovals(ctx.db, { workspaceId: ctx.workspaceId, before: undefined, limit })
  const past = await withVotes(ctx, rows)
  const otherwise = past.flatMap(({ row, request }) => {
    const replayed = replayDecision(policies, request)
    if (replayed.was === replayed.would) return []
    const { model, version, environment } = row.subject
    return [
      {
        ...replayed,
        approvalId: row.id,
        model: model.name,
        version: version.version,
        environment: environment.name,
        requestedAt: row.requestedAt,
      },
    ]
  })
  return {
    policies: policies.map(({ policy, digest }) => ({ name: policy.name, digest })),
    replayed: past.length,
    otherwise,
  }
}

function parseAll(text: string): LoadedPolicy[] {
  const parts = text.split(/^---\s*$/m).filter((part) => part.trim() !== '')
  if (parts.length === 0 || parts.length > policiesMax)
    throw problem('invalid', `policies: has ${parts.length} policies, and may have 1 to ${policiesMax}`, {
      errors: [{ path: 'policies', message: `must hold 1 to ${policiesMax} policies` }],
    })
  return parts.map((part, i) => parseApprovalPolicy(part, parts.length === 1 ? 'policies' : `policies, part ${i + 1}`))
}

async function withVotes(
  ctx: Ctx,
  rows: readonly ApprovalRow[],
): Promise<{ row: ApprovalRow; request: PastRequest }[]> {
  const votes = await selectVotesAsCast(ctx.db, rows)
  const people = [
    ...rows.flatMap((r) => [
      r.requestedById,
      r.versionAuthorId,
      r.runOwnerId ?? r.requestedById,
      ...r.subject.evidence.map((e) => e.producerId),
    ]),
    ...votes.map((v) => v.identityId),
  ]
  const persons = await selectPersonIds(ctx.db, ctx.workspaceId, [...new Set(people)])
  const personOf = (id: string) => persons.get(id) ?? id
  return rows.map((row) => ({
    row,
    request: {
      state: row.state,
      wasApproved: row.approvedAt !== null,
      subject: row.subject,
      revisionDigest: row.revisionDigest,
      risk: row.risk,
      labels: row.labels,
      isProtected: row.protected,
      requestedAt: row.requestedAt,
      decidedAt: row.decidedAt,
      conflicts: {
        requester: [personOf(row.requestedById)],
        'version-author': [personOf(row.versionAuthorId)],
        'run-owner': row.runOwnerId === null ? [] : [personOf(row.runOwnerId)],
        'evidence-author': row.subject.evidence.map((e) => personOf(e.producerId)),
      },
      votes: votes
        .filter((v) => v.approvalId === row.id)
        .map((v) => {
          const { identityId, decision, revisionDigest } = v
          const person = personOf(identityId)
          const cast = v.grants as CastGrant[]
          return {
            identityId,
            person,
            decision,
            revisionDigest,
            grants:
              cast.length > 0
                ? cast
                : [
                    {
                      role: v.role,
                      authority: person,
                    },
                  ],
          }
        }),
    },
  }))
}
