import { host, someDigest } from './api.ts'
import { reading, wrongField, type BadRequest, type Given } from './bad-request.ts'

const missing = (noun: string) => ({
  status: 404,
  code: 'not-found',
  detail: `There is no such ${noun} in this workspace.`,
})
const idRule = (prefix: string) => `must be an id such as ${prefix}_01jqfx5n9re9wv3k7c2m8d4t6h`
const posting =
  (
    path: (given: Given) => string,
    body: (given: Given) => unknown,
    who: 'token' | 'admin' | 'operator',
  ): BadRequest['send'] =>
  (given) => ({ method: 'POST', path: `/api/v1${path(given)}`, token: given[who], body: body(given) })
const withHeaders =
  (headers: Record<string, string>): BadRequest['send'] =>
  ({ token }) => ({ method: 'GET', path: '/api/v1/models', token, headers })
const foreignHost = {
  status: 403,
  code: 'forbidden',
  detail: `This server does not answer to that host name: use http://${host}.`,
}
const foreignSite = {
  status: 403,
  code: 'forbidden',
  detail: 'Pages of other sites may not call this API: call it from a program, with a token.',
}
const nobodysId = '01jqfx5n9re9wv3k7c2m8d4t6h'

/** Ids that are no ids, ids of the other workspace, and requests that came from elsewhere than they may. */
export const placeCases: readonly BadRequest[] = [
  wrongField('an id of another kind in a path', 'modelId', idRule('mo'), reading(`/models/mv_${nobodysId}`)),
  wrongField('an id that is too short', 'versionId', idRule('mv'), reading('/versions/mv_1')),
  wrongField('an id with a quote in it', 'modelId', idRule('mo'), reading("/models/mo_'%20or%20'1'='1")),
  wrongField('an id with U+0000 in it', 'approvalId', idRule('ap'), reading(`/approvals/ap_%00${nobodysId.slice(1)}`)),
  wrongField('an id in capitals', 'endpointId', idRule('ep'), reading(`/endpoints/ep_${nobodysId.toUpperCase()}`)),
  { name: 'an id that nothing has', send: reading(`/models/mo_${nobodysId}`), ...missing('model') },
  {
    name: 'a model of the other workspace',
    send: reading((g) => `/models/${g.other.ids.modelId}`),
    ...missing('model'),
  },
  {
    name: 'versions of a model of the other workspace',
    send: reading((g) => `/models/${g.other.ids.modelId}/versions`),
    ...missing('model'),
  },
  {
    name: 'a version of the other workspace',
    send: reading((g) => `/versions/${g.other.ids.versionId}`),
    ...missing('version'),
  },
  {
    name: 'an approval of the other workspace',
    send: reading((g) => `/approvals/${g.other.ids.approvalId}`),
    ...missing('approval request'),
  },
  {
    name: 'an endpoint of the other workspace',
    send: reading((g) => `/endpoints/${g.other.ids.endpointId}`),
    ...missing('endpoint'),
  },
  {
    name: 'an audit entry of the other workspace',
    send: ({ other, site }) => ({
      method: 'GET',
      path: `/api/v1/audit/entries/${other.ids.entryId}`,
      token: site.people.auditor.token,
    }),
    ...missing('audit entry'),
  },
  {
    name: 'a version for a model of the other workspace',
    send: posting(
      (g) => `/models/${g.other.ids.modelId}/versions`,
      () => ({ version: '9.0.0', digest: someDigest, artifactUri: 'x' }),
      'token',
    ),
    ...missing('version'),
  },
  {
    name: 'an approval for a version of the other workspace',
    send: posting(
      () => '/approvals',
      (g) => ({ versionId: g.other.ids.versionId, environmentId: g.site.ids.environmentId, reason: 'try' }),
      'token',
    ),
    ...missing('approval'),
  },
  {
    name: 'an approval for an environment of the other workspace',
    send: posting(
      () => '/approvals',
      (g) => ({ versionId: g.site.ids.versionId, environmentId: g.other.ids.environmentId, reason: 'try' }),
      'token',
    ),
    ...missing('approval'),
  },
  {
    name: 'a deployment to an endpoint of the other workspace',
    send: posting(
      (g) => `/endpoints/${g.other.ids.endpointId}/deploy`,
      (g) => ({ versionId: g.site.ids.versionId, reason: 'try' }),
      'operator',
    ),
    ...missing('endpoint'),
  },
  {
    name: 'a deployment of a version of the other workspace',
    send: posting(
      (g) => `/endpoints/${g.site.ids.endpointId}/deploy`,
      (g) => ({ versionId: g.other.ids.versionId, reason: 'try' }),
      'operator',
    ),
    status: 404,
    code: 'not-found',
    detail: 'flights has no such version.',
  },
  {
    name: 'a role of the other workspace taken away',
    send: posting(
      (g) => `/members/${g.other.ids.bindingId}/unbind`,
      () => ({ reason: 'try' }),
      'admin',
    ),
    ...missing('member'),
  },
  {
    name: 'the other workspace named in the header',
    send: (g) => ({
      method: 'GET',
      path: '/api/v1/models',
      token: g.token,
      headers: { 'quarterdeck-workspace': g.other.ws.id },
    }),
    status: 404,
    code: 'not-found',
    detail: /^You have no role in a workspace named ws_[0-9a-z]{26}\.$/,
  },
  {
    name: 'a workspace that there is not',
    send: withHeaders({ 'quarterdeck-workspace': 'nowhere' }),
    status: 404,
    code: 'not-found',
    detail: 'You have no role in a workspace named nowhere.',
  },
  {
    name: 'a path that there is not',
    send: reading('/modles'),
    status: 404,
    code: 'not-found',
    detail: 'There is no such path in this API: see /api/v1/docs.',
  },
  {
    name: 'a path below a known one',
    send: reading('/models/x/y/z'),
    status: 404,
    code: 'not-found',
    detail: 'There is no such path in this API: see /api/v1/docs.',
  },
  ...['PUT', 'PATCH', 'DELETE', 'OPTIONS'].map((method): BadRequest => ({
    name: `${method} on a list`,
    send: ({ token }) => ({ method, path: '/api/v1/models', token }),
    status: 405,
    code: 'method-not-allowed',
    detail: 'This path answers GET, HEAD, POST.',
    headers: { allow: 'GET, HEAD, POST' },
  })),
  { name: 'a name that was rebound to us', send: withHeaders({ host: 'evil.example:3000' }), ...foreignHost },
  { name: 'no host name', send: withHeaders({ host: '' }), ...foreignHost },
  { name: 'a host name with a user in it', send: withHeaders({ host: '127.0.0.1@evil.example' }), ...foreignHost },
  { name: 'an address that is not ours', send: withHeaders({ host: '10.0.0.7:3000' }), ...foreignHost },
  { name: 'a page of another site', send: withHeaders({ 'sec-fetch-site': 'cross-site' }), ...foreignSite },
  {
    name: 'a page on another port of this machine',
    send: withHeaders({ 'sec-fetch-site': 'same-site' }),
    ...foreignSite,
  },
  { name: 'another origin', send: withHeaders({ origin: 'http://127.0.0.1:3001' }), ...foreignSite },
  { name: 'an opaque origin', send: withHeaders({ origin: 'null' }), ...foreignSite },
]
