import { someDigest } from './api.ts'
import { wrongField, type BadRequest, type Given } from './bad-request.ts'

const voting =
  (
    fields: Record<string, unknown>,
    who: 'approver' | 'viewer' | 'developer' | 'operator' = 'approver',
  ): BadRequest['send'] =>
  ({ site }) => ({
    method: 'POST',
    path: `/api/v1/approvals/${site.ids.approvalId}/votes`,
    token: site.people[who].token,
    body: { decision: 'approve', reason: 'good', revisionDigest: site.revisionDigest, ...fields },
  })
const keyed =
  (key: string): BadRequest['send'] =>
  ({ token }) => ({
    method: 'POST',
    path: '/api/v1/models',
    token,
    body: { name: 'keyed', title: 'K' },
    headers: { 'idempotency-key': key },
  })
const keyRule = 'must be 1 to 128 visible ASCII characters'
const post = (path: string, token: string, body: unknown) => ({ method: 'POST', path: `/api/v1${path}`, token, body })
const versionPath = (g: Given) => `/models/${g.site.ids.modelId}/versions`

/** Well-formed requests that the present state, the caller's roles or an earlier request refuse. */
export const stateCases: readonly BadRequest[] = [
  {
    name: 'a vote on a revision that is not the newest',
    send: voting({ revisionDigest: `sha256:${'0'.repeat(64)}` }),
    status: 409,
    code: 'stale-revision',
    detail: 'The request has changed since you read it. Read it again before you decide.',
  },
  wrongField(
    'a vote on no revision',
    'revisionDigest',
    'must be the revision digest that the request shows',
    voting({ revisionDigest: 'latest' }),
  ),
  wrongField(
    'a vote that is neither',
    'decision',
    'Invalid option: expected one of "approve"|"reject"',
    voting({ decision: 'abstain' }),
  ),
  wrongField(
    'a vote without a reason',
    'reason',
    'Too small: expected string to have >=3 characters',
    voting({ reason: 'ok' }),
  ),
  {
    name: 'a vote by somebody who may only read',
    send: voting({}, 'viewer'),
    status: 403,
    code: 'forbidden',
    detail: 'You may not do this: approval:vote needs the role approver or validator; held: viewer.',
  },
  {
    name: 'a vote by whoever asked',
    send: voting({}, 'developer'),
    status: 403,
    code: 'forbidden',
    detail: 'You may not do this: approval:vote needs the role approver or validator; held: developer.',
  },
  {
    name: 'the audit trail read by a viewer',
    send: ({ site }) => ({ method: 'GET', path: '/api/v1/audit/entries', token: site.people.viewer.token }),
    status: 403,
    code: 'forbidden',
    detail:
      'You may not do this: audit:read needs the role approver or validator or operator or auditor or admin; held: viewer.',
  },
  {
    name: 'a name that is taken',
    send: ({ token }) => post('/models', token, { name: 'flights', title: 'Again' }),
    status: 409,
    code: 'conflict',
    detail: 'There is a model named flights in this workspace already.',
  },
  {
    name: 'a version number that is used',
    send: (g) => post(versionPath(g), g.token, { version: '1.0.0', digest: someDigest, artifactUri: 'x' }),
    status: 409,
    code: 'conflict',
    detail: 'flights has a version 1.0.0 already. Choose the next number.',
  },
  {
    name: 'the same approval asked for twice',
    send: ({ token, site: { ids } }) =>
      post('/approvals', token, {
        versionId: ids.versionId,
        environmentId: ids.environmentId,
        reason: 'The first version.',
      }),
    status: 409,
    code: 'conflict',
    detail: 'Not possible in production: a request for it is open already.',
  },
  {
    name: 'a deployment without approval',
    send: ({ operator, site: { ids } }) =>
      post(`/endpoints/${ids.endpointId}/deploy`, operator, { versionId: ids.versionId, reason: 'try' }),
    status: 409,
    code: 'conflict',
    detail: 'Not deployed: its approval for production is missing (the request is open).',
  },
  {
    name: 'an approval revoked before it was given',
    send: ({ site }) => post(`/approvals/${site.ids.approvalId}/revoke`, site.people.approver.token, { reason: 'try' }),
    status: 409,
    code: 'conflict',
    detail: 'Not possible: the request is open: it has no approval to revoke.',
  },
  {
    name: 'an alias moved by a person',
    send: ({ operator, site: { ids } }) =>
      post(`/models/${ids.modelId}/aliases`, operator, {
        alias: 'champion',
        versionId: ids.versionId,
        expectedVersionId: null,
        reason: 'try',
      }),
    status: 403,
    code: 'forbidden',
    detail: 'You may not do this: alias:set needs the role worker; held: operator.',
  },
  {
    name: 'a workspace created outside the installation',
    send: ({ admin }) => post('/workspaces', admin, { name: 'mine', title: 'Mine' }),
    status: 404,
    code: 'not-found',
    detail: 'There is no such workspace in this workspace.',
  },
  wrongField('an idempotency key that is empty', 'idempotency-key', keyRule, keyed('')),
  wrongField('an idempotency key that is too long', 'idempotency-key', keyRule, keyed('k'.repeat(129))),
  wrongField('an idempotency key with a space', 'idempotency-key', keyRule, keyed('a b')),
  wrongField('an idempotency key that is not ASCII', 'idempotency-key', keyRule, keyed('schlüssel')),
  wrongField(
    'an idempotency key where a secret is answered',
    'idempotency-key',
    'is refused here: the answer holds a secret that is not kept',
    ({ operator }) => ({
      ...post('/ingest-keys', operator, { kinds: ['label'] }),
      headers: { 'idempotency-key': 'k' },
    }),
  ),
]
