import { personaIssuer } from '#lib/platform/actor.ts'
import { decisionStatement, evidenceStatement, voteStatement, type Decision } from './make-statement.ts'

const at = new Date('2026-03-02T09:00:00.000Z')
const version = { model: 'fraud', version: '7.0.0', digest: `sha256:${'ab'.repeat(32)}` }
const approval = { id: 'ap_01kjpzv9g0000000000000000a', revision: 2, revisionDigest: `sha256:${'cd'.repeat(32)}` }
const policyDigest = `sha256:${'ef'.repeat(32)}`

/** A vote as tests need it. */
export function aVote(by: { issuer?: string; subject?: string; approvalId?: string; at?: Date; reason?: string } = {}) {
  return voteStatement({
    version,
    environment: 'production',
    approval: { ...approval, id: by.approvalId ?? approval.id },
    decision: 'approve',
    voter: { issuer: by.issuer ?? 'https://idp.test', subject: by.subject ?? 'ada' },
    role: 'approver',
    reason: by.reason ?? 'better on every slice',
    policyDigest,
    at: by.at ?? at,
  })
}

export function aPersonasVote() {
  return aVote({ issuer: personaIssuer })
}

export function someEvidence() {
  return evidenceStatement({
    version,
    kind: 'evaluation',
    producer: { issuer: 'https://idp.test', subject: 'ci' },
    content: { metrics: { accuracy: 0.97 } },
    at,
  })
}

export function aDecision(over: Partial<Decision> = {}) {
  return decisionStatement({
    origin: 'https://gov.example',
    workspaceId: 'ws_00000000000000000000000009',
    version,
    environment: 'production',
    approval: { ...approval, expiresAt: new Date('2026-03-16T09:00:00.000Z') },
    policy: { name: 'production-high-risk', digest: policyDigest },
    outcome: 'approved',
    counted: [
      { role: 'approver', persona: false },
      { role: 'validator', persona: false },
    ],
    inputs: [`sha256:${'01'.repeat(32)}`, `sha256:${'02'.repeat(32)}`],
    demo: false,
    at,
    ...over,
  })
}
