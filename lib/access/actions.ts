/**
 * Every action that roles allow or deny, `noun:verb`. The closed list is what the golden matrix
 * (policies/access/access-matrix.txt) is generated from; a verb names one of these or does not compile.
 */
export const actions = [
  'workspace:read',
  'workspace:create',
  'member:read',
  'member:bind',
  'member:unbind',
  'delegation:create',
  'delegation:revoke',
  'identity:link',
  'identity:unlink',
  'access:load',
  'member:claim',
  'service-account:read',
  'service-account:create',
  'service-account:disable',
  'service-account:issue-token',
  'signing-key:rotate',
  'token:issue',
  'token:revoke',
  'ingest-key:create',
  'ingest-key:revoke',
  'environment:read',
  'environment:create',
  'model:read',
  'model:register',
  'version:register',
  'card:edit',
  'alias:set',
  'approval:read',
  'approval:request',
  'approval:vote',
  'approval:withdraw',
  'approval:revoke',
  'approval:expire',
  'evidence:add',
  'evidence:withdraw',
  'break-glass:use',
  'break-glass:review',
  'break-glass:overdue',
  'endpoint:read',
  'endpoint:create',
  'endpoint:deploy',
  'endpoint:observe',
  'rollout:read',
  'rollout:start',
  'rollout:hold',
  'rollout:resume',
  'rollout:advance',
  'rollout:promote',
  'rollout:roll-back',
  'drift:read',
  'profile:create',
  'monitor:create',
  'drift:evaluate',
  'finding:acknowledge',
  'quality:read',
  'slo:read',
  'slo:create',
  'slo:evaluate',
  'cost:read',
  'incident:read',
  'incident:open',
  'incident:note',
  'incident:acknowledge',
  'incident:resolve',
  'attestation:read',
  'attestation:sign',
  'attestation-key:rotate',
  'attestation-key:activate',
  'pack:export',
  'channel:read',
  'channel:create',
  'channel:remove',
  'channel:test',
  'delivery:retry',
  'notification:prefer',
  'registry:read',
  'registry:connect',
  'registry:test',
  'registry:choose',
  'registry:disable',
  'registry:observe',
  'forge:read',
  'forge:connect',
  'forge:disable',
  'audit:read',
  'audit:export',
  'audit:erase',
  'audit:retain',
  'audit:publish',
  'audit:monitor',
  'demo:control',
] as const

export type Action = (typeof actions)[number]

export const roles = ['viewer', 'developer', 'approver', 'validator', 'operator', 'auditor', 'admin', 'worker'] as const
export type Role = (typeof roles)[number]

/** What is acted on, with what roles may be narrowed by. */
export type Resource = {
  /** The noun, for the audit log: `model`, `rollout`, … */
  kind: string
  id: string
  workspaceId: string
  /** The environment's name, where the thing belongs to one. */
  environment?: string
  /** The labels of the model it concerns. */
  labels?: readonly string[]
}
