import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { someDigest, type Site } from './api.ts'
import { sampleProfile, upstreamModel } from './things.ts'

const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`

const samplePolicy = readFileSync(new URL('../../../policies/approvals/protected.yaml', import.meta.url), 'utf8')

type Ids = Site['ids'] & { revisionDigest: string }

/** A valid body of every operation that takes one; the ids in it are of the site given. */
export const sampleBodies: Record<string, (ids: Ids) => Record<string, unknown>> = {
  createWorkspace: () => ({ name: 'sample', title: 'Sample' }),
  bindRole: () => ({ issuer: 'https://idp.test', subject: 'sample', name: 'Sample', role: 'viewer' }),
  unbindRole: () => ({ reason: 'a sample' }),
  bindGroup: () => ({ issuer: 'https://idp.test', group: '/sample', role: 'viewer' }),
  unbindGroup: () => ({ reason: 'a sample' }),
  createDelegation: ({ personId }) => ({
    delegateId: personId,
    role: 'developer',
    endsAt: '2026-03-05T00:00:00Z',
    reason: 'a sample',
  }),
  revokeDelegation: () => ({ reason: 'a sample' }),
  linkIdentities: ({ personId, otherPersonId }) => ({
    identityId: personId,
    otherId: otherPersonId,
    reason: 'a sample',
  }),
  unlinkIdentities: () => ({ reason: 'a sample' }),
  createIngestKey: () => ({ kinds: ['request'] }),
  revokeIngestKey: () => ({ reason: 'a sample' }),
  revokeToken: () => ({ reason: 'a sample' }),
  connectForge: () => ({ name: 'sample', kind: 'github', repository: 'acme/sample' }),
  disableForge: () => ({ reason: 'a sample' }),
  rotateAttestationKey: () => ({ reason: 'a sample' }),
  createServiceAccount: () => ({ name: 'sample-robot', purpose: 'a sample' }),
  disableServiceAccount: () => ({ reason: 'a sample' }),
  issueServiceToken: () => ({ lifetimeSeconds: 600 }),
  createEnvironment: () => ({ name: 'sample', protected: false }),
  registerModel: () => ({ name: 'sample', title: 'Sample' }),
  setAlias: ({ versionId }) => ({ alias: 'champion', versionId, expectedVersionId: null, reason: 'a sample' }),
  registerVersion: () => ({ version: '7.0.0', digest: someDigest, artifactUri: 's3://sample' }),
  editCard: () => ({ text: '# A card', expectedDigest: digestOf(''), reason: 'a sample' }),
  addEvidence: () => ({ kind: 'evaluation', content: { metrics: { auc: 0.9 } } }),
  addRunEvidence: () => ({
    run: { info: { run_id: 'r1', status: 'FINISHED' }, data: { metrics: [{ key: 'auc', value: 0.9 }] } },
  }),
  withdrawEvidence: () => ({ reason: 'a sample' }),
  useBreakGlass: ({ versionId, environmentId, incidentId }) => ({
    versionId,
    environmentId,
    incidentId,
    reason: 'a sample of an emergency',
  }),
  reviewBreakGlass: () => ({ verdict: 'accepted', reason: 'a sample' }),
  whatIfPolicies: () => ({ policies: samplePolicy }),
  requestApproval: ({ versionId, environmentId }) => ({ versionId, environmentId, reason: 'a sample' }),
  castVote: ({ revisionDigest }) => ({ decision: 'approve', reason: 'a sample', revisionDigest }),
  withdrawApproval: () => ({ reason: 'a sample' }),
  revokeApproval: () => ({ reason: 'a sample' }),
  markRead: () => ({ ids: 'all' }),
  setPreference: () => ({
    inboxKinds: ['approval-waiting'],
    email: null,
    emailKinds: [],
    timing: 'daily',
    timeZone: 'Europe/Berlin',
    digestHour: 8,
    mutedUntil: null,
  }),
  connectRegistry: () => ({ name: 'second', url: 'http://127.0.0.1:9' }),
  chooseModels: () => ({ models: [upstreamModel] }),
  disableRegistry: () => ({ reason: 'we moved away' }),
  createChannel: () => ({
    kind: 'webhook',
    name: 'sample',
    config: { url: 'https://hooks.example/sample' },
    kinds: ['approval-decided'],
  }),
  removeChannel: () => ({ reason: 'a sample' }),
  testChannel: () => ({}),
  retryDelivery: () => ({ reason: 'a sample' }),
  eraseAuditDetail: ({ entryId }) => ({ of: { entryId }, scope: 'person', reason: 'a sample of a request' }),
  createEndpoint: ({ modelId, environmentId }) => ({
    modelId,
    environmentId,
    name: 'sample',
    template: { command: ['node'] },
    rolloutPolicy: 'canary',
  }),
  deployVersion: ({ versionId }) => ({ versionId, reason: 'a sample' }),
  startRollout: ({ servingEndpointId, candidateId }) => ({
    endpointId: servingEndpointId,
    versionId: candidateId,
    reason: 'a sample',
  }),
  holdRollout: () => ({ reason: 'a sample' }),
  resumeRollout: () => ({ reason: 'a sample' }),
  promoteRollout: () => ({ reason: 'a sample', to: 'next-step' }),
  rollBackRollout: () => ({ reason: 'a sample' }),
  whatIf: () => ({ policy: readFileSync('policies/rollouts/demo-short-steps.yaml', 'utf8') }),
  createProfile: ({ versionId }) => ({ versionId, source: 'a sample', profile: sampleProfile }),
  createMonitor: ({ servingEndpointId, profileId }) => ({
    endpointId: servingEndpointId,
    profileId,
    name: 'sample',
    windowSeconds: 86_400,
  }),
  acknowledgeFinding: () => ({ reason: 'a sample' }),
  openIncident: ({ servingEndpointId }) => ({
    title: 'A sample',
    severity: 'sev3',
    endpointId: servingEndpointId,
    reason: 'a sample',
  }),
  acknowledgeIncident: () => ({}),
  addNote: () => ({ text: 'a sample' }),
  resolveIncident: () => ({ reason: 'a sample' }),
  createSlo: ({ servingEndpointId }) => ({ endpointId: servingEndpointId, objective: 'latency' }),
}

/** The query of every operation that has to have one. */
export const sampleQueries: Record<string, (ids: Ids) => string> = {
  explainAccess: ({ personId }) => `?action=approval:vote&environment=production&identityId=${personId}`,
  listWhoMay: () => '?action=approval:vote&environment=production&label=fraud',
  listAttestations: ({ versionId }) => `?subjectId=${versionId}`,
  askGate: () => `?model=flights&version=1.0.0&environment=production`,
  listProfiles: ({ versionId }) => `?versionId=${versionId}`,
  readPsiSeries: () => '?feature=distance&from=2026-02-01T00:00:00Z&to=2026-03-01T00:00:00Z',
  readIncidentFigures: () => '?from=2026-02-01T00:00:00Z&to=2026-03-01T00:00:00Z',
  readWorkspaceCost: () => '?from=2026-02-01T00:00:00Z&to=2026-03-01T00:00:00Z',
  readEndpointCost: () => '?from=2026-02-01T00:00:00Z&to=2026-03-01T00:00:00Z',
}
