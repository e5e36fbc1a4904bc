import { z } from '@hono/zod-openapi'
import { castVote } from '#lib/approvals/cast-vote.ts'
import { EndApprovalInput, RequestApprovalInput, VoteInput } from '#lib/approvals/model.ts'
import { evidenceKinds } from '#lib/models/evidence.ts'
import { listApprovals, readApproval } from '#lib/approvals/reads.ts'
import { requestApproval } from '#lib/approvals/request-approval.ts'
import { revokeApproval } from '#lib/approvals/revoke-approval.ts'
import { separations } from '#lib/approvals/separations.ts'
import { withdrawApproval } from '#lib/approvals/withdraw-approval.ts'
import { defineRoute, type ApiRoute } from './route.ts'
import { can, idOf, idParam, instant, instantOrNull, pageSchema, paging, person, structure } from './schemas.ts'

const tag = 'Approvals'

const states = ['open', 'approved', 'rejected', 'expired', 'withdrawn', 'superseded', 'revoked'] as const
const metrics = z.record(z.string(), z.number())

const fields = {
  id: z.string(),
  state: z.enum(states),
  revision: z.number().int(),
  revisionDigest: z.string(),
  subject: z
    .object({
      model: z.object({
        id: z.string(),
        name: z.string(),
        risk: z.string().optional(),
        labels: z.array(z.string()).optional(),
      }),
      version: z.object({ id: z.string(), version: z.string(), digest: z.string() }),
      environment: z.object({ id: z.string(), name: z.string(), protected: z.boolean().optional() }),
      cardDigest: z.string(),
      evidence: z.array(
        z.object({
          kind: z.enum(evidenceKinds),
          digest: z.string(),
          content: structure('What it says, by its kind'),
          metrics,
          producerId: z.string(),
          producer: z.string(),
          at: z.string(),
          statementDigest: z.string().nullable(),
        }),
      ),
      serving: z
        .object({
          versionId: z.string(),
          version: z.string(),
          metrics,
          evidence: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
        })
        .nullable(),
    })
    .openapi('ApprovalSubject'),
  policy: z.object({
    name: z.string(),
    digest: z.string(),
    quorum: z.object({ approver: z.number().int(), validator: z.number().int() }),
    separation: z.array(z.enum(separations)),
  }),
  because: z.string(),
  requestedBy: person,
  requestedAt: instant,
  decidedAt: instantOrNull,
  expiresAt: instant,
}
const counted = z.record(z.string(), z.object({ have: z.number().int(), need: z.number().int() }))
const Approval = z.object(fields).openapi('Approval')
const ApprovalDetail = z
  .object({
    ...fields,
    labels: z.array(z.string()),
    changed: z.array(z.enum(['version', 'card', 'evidence', 'policy', 'environment'])),
    freeze: z.string().nullable(),
    votes: z.array(
      z.object({
        id: z.string(),
        voter: person,
        role: z.string(),
        onBehalfOf: z.string().nullable(),
        decision: z.enum(['approve', 'reject']),
        reason: z.string(),
        at: instant,
        counts: can,
      }),
    ),
    tally: z.object({ outcome: z.enum(['open', 'approved', 'rejected']), because: z.string(), counted }),
    evidence: z.array(
      z.object({
        kind: z.string(),
        ok: z.boolean(),
        because: z.string(),
        expression: z.string().nullable(),
        values: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
        digest: z.string().nullable(),
        ageSeconds: z.number().nullable(),
        maxAgeSeconds: z.number().nullable(),
      }),
    ),
    mine: z.object({ vote: can, withdraw: can, revoke: can }),
  })
  .openapi('ApprovalDetail')

const approvalParam = idParam('approvalId', 'approval')
const endBody = EndApprovalInput.omit({ approvalId: true })

export const approvalRoutes: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/approvals',
    operationId: 'listApprovals',
    summary: 'Approval requests, newest first',
    tag,
    action: 'approval:read',
    query: z.strictObject({ ...paging, state: z.enum(states).optional(), versionId: idOf('version').optional() }),
    status: 200,
    response: pageSchema(Approval),
    run: (ctx, { query }) => listApprovals(ctx, query),
  }),
  defineRoute({
    method: 'post',
    path: '/approvals',
    operationId: 'requestApproval',
    summary: 'Ask that a version may serve in an environment',
    tag,
    action: 'approval:request',
    body: RequestApprovalInput,
    status: 201,
    response: z.object({
      id: z.string(),
      revision: z.number().int(),
      revisionDigest: z.string(),
      policy: z.string(),
    }),
    run: (ctx, { body }) => requestApproval(ctx, body),
  }),
  defineRoute({
    method: 'get',
    path: '/approvals/{approvalId}',
    operationId: 'readApproval',
    summary: 'A request with its votes, its evidence and what the caller may do',
    tag,
    action: 'approval:read',
    params: approvalParam,
    status: 200,
    response: ApprovalDetail,
    run: (ctx, { params }) => readApproval(ctx, params.approvalId),
  }),
  defineRoute({
    method: 'post',
    path: '/approvals/{approvalId}/votes',
    operationId: 'castVote',
    summary: 'Vote on the revision that was read',
    tag,
    action: 'approval:vote',
    params: approvalParam,
    body: VoteInput.omit({ approvalId: true }),
    status: 201,
    response: z.object({
      voteId: z.string(),
      approvalId: z.string(),
      state: z.enum(['open', 'approved', 'rejected']),
      because: z.string(),
      counted,
    }),
    problems: ['stale-revision'],
    run: (ctx, { params, body }) => castVote(ctx, { ...params, ...body }),
  }),
  defineRoute({
    method: 'post',
    path: '/approvals/{approvalId}/withdraw',
    operationId: 'withdrawApproval',
    summary: 'Take an open request back',
    tag,
    action: 'approval:withdraw',
    params: approvalParam,
    body: endBody,
    status: 200,
    response: z.object({ approvalId: z.string(), state: z.literal('withdrawn') }),
    run: (ctx, { params, body }) => withdrawApproval(ctx, { ...params, ...body }),
  }),
  defineRoute({
    method: 'post',
    path: '/approvals/{approvalId}/revoke',
    operationId: 'revokeApproval',
    summary: 'Take an approval back',
    tag,
    action: 'approval:revoke',
    params: approvalParam,
    body: endBody,
    status: 200,
    response: z.object({ approvalId: z.string(), state: z.literal('revoked') }),
    run: (ctx, { params, body }) => revokeApproval(ctx, { ...params, ...body }),
  }),
]
