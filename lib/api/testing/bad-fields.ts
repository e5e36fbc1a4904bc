import { someDigest } from './api.ts'
import { model, reading, wrongField, type BadRequest } from './bad-request.ts'

const nameRule = 'must be 2 to 63 lower-case letters, digits and dashes, and start with a letter'
const limitRule = 'must be a whole number from 1 to 200'
const version =
  (fields: Record<string, unknown>): BadRequest['send'] =>
  ({ token, site }) => ({
    method: 'POST',
    path: `/api/v1/models/${site.ids.modelId}/versions`,
    token,
    body: { version: '2.0.0', digest: someDigest, artifactUri: 's3://m', ...fields },
  })
const endpoint =
  (fields: Record<string, unknown>): BadRequest['send'] =>
  ({ operator, site: { ids } }) => ({
    method: 'POST',
    path: '/api/v1/endpoints',
    token: operator,
    body: {
      modelId: ids.modelId,
      environmentId: ids.environmentId,
      name: 'second',
      template: { command: ['node'] },
      rolloutPolicy: 'canary',
      ...fields,
    },
  })
const member =
  (fields: Record<string, unknown>): BadRequest['send'] =>
  ({ admin }) => ({
    method: 'POST',
    path: '/api/v1/members',
    token: admin,
    body: { issuer: 'https://idp.test', subject: 's', name: 'S', role: 'viewer', ...fields },
  })

const environment =
  (fields: Record<string, unknown>): BadRequest['send'] =>
  ({ admin }) => ({ method: 'POST', path: '/api/v1/environments', token: admin, body: fields })

/** Fields of the wrong type, size or form, in bodies and in queries. */
export const fieldCases: readonly BadRequest[] = [
  wrongField(
    'a field that is missing',
    'title',
    'Invalid input: expected string, received undefined',
    model({ name: 'model' }),
  ),
  wrongField(
    'a number for a name',
    'name',
    'Invalid input: expected string, received number',
    model({ name: 7, title: 'M' }),
  ),
  wrongField('an empty name', 'name', nameRule, model({ name: '', title: 'M' })),
  wrongField('a name in capitals', 'name', nameRule, model({ name: 'Model', title: 'M' })),
  wrongField('a name that is too long', 'name', nameRule, model({ name: 'm'.repeat(64), title: 'M' })),
  wrongField('a name that walks up folders', 'name', nameRule, model({ name: '../x', title: 'M' })),
  wrongField(
    'a title of spaces',
    'title',
    'Too small: expected string to have >=1 characters',
    model({ name: 'model', title: '   ' }),
  ),
  wrongField(
    'a title that is too long',
    'title',
    'Too big: expected string to have <=120 characters',
    model({ name: 'model', title: 'x'.repeat(121) }),
  ),
  wrongField('an unknown property', '', 'Unrecognized key: "owner"', model({ name: 'model', title: 'M', owner: 'me' })),
  wrongField(
    'an unknown risk',
    'risk',
    'Invalid option: expected one of "low"|"medium"|"high"|"unknown"',
    model({ name: 'model', title: 'M', risk: 'none' }),
  ),
  wrongField(
    'too many labels',
    'labels',
    'Too big: expected array to have <=20 items',
    model({ name: 'model', title: 'M', labels: Array(21).fill('a') }),
  ),
  {
    name: 'two wrong fields at once',
    send: model({ name: 'M', title: 1 }),
    status: 400,
    code: 'invalid',
    detail: `name: ${nameRule}`,
    errors: [
      { path: 'name', message: nameRule },
      { path: 'title', message: 'Invalid input: expected string, received number' },
    ],
  },
  wrongField(
    'a digest that is too short',
    'digest',
    'must be sha256: and 64 lower-case hexadecimal digits',
    version({ digest: 'sha256:abc' }),
  ),
  wrongField(
    'a digest in capitals',
    'digest',
    'must be sha256: and 64 lower-case hexadecimal digits',
    version({ digest: someDigest.toUpperCase() }),
  ),
  wrongField(
    'a version that is no semantic version',
    'version',
    'must be a semantic version such as 1.4.0 (semver.org)',
    version({ version: '1.0' }),
  ),
  {
    name: 'files whose digest is another one',
    send: version({ files: [{ path: 'model.bin', size: 1, sha256: 'b'.repeat(64) }] }),
    status: 400,
    code: 'invalid',
    detail: 'digest: it is not the digest of the listed files',
    errors: [{ path: 'digest', message: 'must be sha256 over the sorted manifest of the files' }],
  },
  wrongField(
    'a file of a negative size',
    'files.0.size',
    'Too small: expected number to be >=0',
    version({ files: [{ path: 'a', size: -1, sha256: 'b'.repeat(64) }] }),
  ),
  wrongField(
    'a metric that is text',
    'evaluation.metrics.auc',
    'Invalid input: expected number, received string',
    version({ evaluation: { metrics: { auc: '0.9' } } }),
  ),
  wrongField('a body that names its own parent', '', 'Unrecognized key: "modelId"', version({ modelId: 'mo_other' })),
  {
    name: 'a run owner whom nobody knows',
    send: version({ runOwner: { issuer: 'https://x', subject: 'y' } }),
    status: 400,
    code: 'invalid',
    detail: 'runOwner: nobody with this issuer and subject is known here',
    errors: [{ path: 'runOwner', message: 'give them a role or let them sign in first' }],
  },
  wrongField(
    'an endpoint without a command',
    'template.command',
    'Too small: expected array to have >=1 items',
    endpoint({ template: { command: [] } }),
  ),
  wrongField(
    'an id of another kind in a body',
    'modelId',
    'Invalid string: must start with "mo_"',
    endpoint({ modelId: 'en_x' }),
  ),
  wrongField(
    'a role that there is not',
    'role',
    'Invalid option: expected one of "viewer"|"developer"|"approver"|"validator"|"operator"|"auditor"|"admin"',
    member({ role: 'root' }),
  ),
  wrongField(
    'the role of the worker',
    'role',
    'Invalid option: expected one of "viewer"|"developer"|"approver"|"validator"|"operator"|"auditor"|"admin"',
    member({ role: 'worker' }),
  ),
  wrongField(
    'a role of the installation itself',
    'issuer',
    "must not be the installation's own: its roles are given by itself",
    member({ issuer: 'quarterdeck', subject: 'system' }),
  ),
  ...[42, 63].map((length) =>
    wrongField(
      `an environment name of ${length} characters`,
      'name',
      'must be 2 to 41 lower-case letters, digits and dashes, and start with a letter',
      environment({ name: 'e'.repeat(length) }),
    ),
  ),
  wrongField('a limit of nothing', 'limit', limitRule, reading('/models?limit=0')),
  wrongField('a limit beyond the bound', 'limit', limitRule, reading('/models?limit=201')),
  wrongField('a limit in scientific notation', 'limit', limitRule, reading('/models?limit=1e2')),
  wrongField('a limit that is negative', 'limit', limitRule, reading('/models?limit=-1')),
  wrongField('a limit given twice', 'limit', 'must be given once', reading('/models?limit=1&limit=2')),
  wrongField('an unknown query parameter', '', 'Unrecognized key: "order"', reading('/models?order=name')),
  wrongField(
    'a state that there is not',
    'state',
    'Invalid option: expected one of "open"|"approved"|"rejected"|"expired"|"withdrawn"|"superseded"|"revoked"',
    reading('/approvals?state=maybe'),
  ),
  wrongField('U+0000 in a query', 'text', 'must be text without U+0000', reading('/models?text=a%00b')),
  ...['nonsense', 'bW9fMDE', 'bW9fJycgb3IgMT0x', 'bW9fMDFqcWZ4NW45cmU5d3YzazdjMm04ZDR0Nmg='].map(
    (cursor): BadRequest => ({
      name: `the cursor ${cursor}`,
      send: reading(`/models?cursor=${cursor}`),
      status: 400,
      code: 'invalid',
      detail: 'cursor: not one that this list gave; leave it out to start from the newest',
      errors: [{ path: 'cursor', message: 'not a cursor of this list' }],
    }),
  ),
]
