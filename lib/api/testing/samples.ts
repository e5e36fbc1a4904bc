import { someDigest, type Site } from './api.ts'

type Ids = Site['ids'] & { revisionDigest: string }

/** A valid body of every operation that takes one; the ids in it are of the site given. */
export const sampleBodies: Record<string, (ids: Ids) => Record<string, unknown>> = {
  createWorkspace: () => ({ name: 'sample', title: 'Sample' }),
  bindRole: () => ({ issuer: 'https://idp.test', subject: 'sample', name: 'Sample', role: 'viewer' }),
  unbindRole: () => ({ reason: 'a sample' }),
  createIngestKey: () => ({ kinds: ['request'] }),
  createEnvironment: () => ({ name: 'sample', protected: false }),
  registerModel: () => ({ name: 'sample', title: 'Sample' }),
  setAlias: ({ versionId }) => ({ alias: 'champion', versionId, expectedVersionId: null, reason: 'a sample' }),
  registerVersion: () => ({ version: '7.0.0', digest: someDigest, artifactUri: 's3://sample' }),
  requestApproval: ({ versionId, environmentId }) => ({ versionId, environmentId, reason: 'a sample' }),
  castVote: ({ revisionDigest }) => ({ decision: 'approve', reason: 'a sample', revisionDigest }),
  withdrawApproval: () => ({ reason: 'a sample' }),
  revokeApproval: () => ({ reason: 'a sample' }),
  createEndpoint: ({ modelId, environmentId }) => ({
    modelId,
    environmentId,
    name: 'sample',
    template: { command: ['node'] },
    rolloutPolicy: 'canary',
  }),
  deployVersion: ({ versionId }) => ({ versionId, reason: 'a sample' }),
}
