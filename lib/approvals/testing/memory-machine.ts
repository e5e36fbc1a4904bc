import { changesBetween, partsOf, type Conflicts, type CountedVote } from '../decide.ts'
import { decideVote, judgeRequest } from '../decide-vote.ts'
import { judgeClearance } from '../judge-clearance.ts'
import { can, isOverdue, type ApprovalState, type ApprovalSubject, type Clearance } from '../model.ts'
import type { LoadedPolicy } from '../policy.ts'
import type { Grant } from '../quorum.ts'

/** The machine of approvals without its database: the verbs' order of questions over rows in memory, and the pure decisions. */
export type World = {
  now: Date
  author: string
  runOwner: string
  card: number
  evidence: { digest: string; producer: string }[]
  policy: LoadedPolicy
  roles: Set<string>
  /** `from to role`. */
  delegations: Set<string>
  /** Identity → person. */
  persons: Map<string, string>
  requests: Request[]
  glass: { id: string; by: string; expiresAt: Date; verdict: 'accepted' | 'objected' | null; reviewer: string | null }[]
}

export type Vote = { identityId: string; decision: 'approve' | 'reject'; revisionDigest: string }
export type Request = {
  id: string
  state: ApprovalState
  history: ApprovalState[]
  because: string
  revision: number
  revisionDigest: string
  requester: string
  subject: ApprovalSubject
  policyName: string
  policy: LoadedPolicy['policy']
  policyDigest: string
  expiresAt: Date
  approvedAt: Date | null
  votes: Vote[]
}

const dayMs = 86_400_000

export function personOf(w: World, identity: string): string {
  return w.persons.get(identity) ?? identity
}

export function grantsOf(w: World, identity: string): Grant[] {
  const own = [...w.roles]
    .filter((r) => r.startsWith(`${identity} `))
    .map((r) => ({ role: r.split(' ')[1]!, authority: personOf(w, identity) }))
  const lent = [...w.delegations].flatMap((d) => {
    const [from = '', to, role = ''] = d.split(' ')
    return to === identity && w.roles.has(`${from} ${role}`) ? [{ role, authority: personOf(w, from) }] : []
  })
  return [...own, ...lent]
}

export function conflictsOf(w: World, requester: string, subject: ApprovalSubject): Conflicts {
  return {
    requester: [personOf(w, requester)],
    'version-author': [personOf(w, w.author)],
    'run-owner': [personOf(w, w.runOwner)],
    'evidence-author': subject.evidence.map((e) => personOf(w, e.producerId)),
  }
}

export function counted(w: World, request: Request): CountedVote[] {
  return request.votes.map((v) => ({ ...v, person: personOf(w, v.identityId), grants: grantsOf(w, v.identityId) }))
}

export function subjectNow(w: World): ApprovalSubject {
  return {
    model: { id: 'mo', name: 'fraud' },
    version: { id: 'mv', version: '1.0.0', digest: 'sha256:v' },
    environment: { id: 'en', name: 'production' },
    cardDigest: `card ${w.card}`,
    evidence: w.evidence.map((e) => ({
      kind: 'evaluation' as const,
      digest: e.digest,
      content: { metrics: { auc: 0.9 } },
      metrics: { auc: 0.9 },
      producerId: e.producer,
      producer: e.producer,
      at: '2026-03-02T00:00:00.000Z',
      statementDigest: null,
    })),
    serving: null,
  }
}

const partsNow = (w: World) => partsOf(subjectNow(w), w.policy.digest)
const newest = (w: World) => w.requests.at(-1)

function move(request: Request, to: ApprovalState): void {
  request.state = to
  request.history.push(to)
}

/** What a verb would do; a sentence when it refuses. */
export const verbs = {
  submit(w: World, by: string): string | undefined {
    const before = newest(w)
    const hasChanged =
      before !== undefined && changesBetween(partsOf(before.subject, before.policyDigest), partsNow(w)).length > 0
    const revisionDigest = JSON.stringify(partsNow(w))
    const wasRejected = w.requests.some((r) => r.state === 'rejected' && r.revisionDigest === revisionDigest)
    const may = can.ask({ newest: before, revisionDigest, wasRejected, hasChanged, now: w.now })
    if (!may.allowed) return may.because
    if (before && isOverdue(before, w.now)) move(before, 'expired')
    else if (before && (before.state === 'open' || before.state === 'approved')) move(before, 'superseded')
    const { policy, digest } = w.policy
    w.requests.push({
      id: `ap${w.requests.length}`,
      state: 'open',
      history: ['open'],
      because: '',
      revision: w.requests.length + 1,
      revisionDigest,
      requester: by,
      subject: subjectNow(w),
      policyName: policy.name,
      policy,
      policyDigest: digest,
      approvedAt: null,
      votes: [],
      expiresAt: new Date(w.now.getTime() + policy.requestTtl * 1e3),
    })
    return undefined
  },
  vote(w: World, by: string, decision: 'approve' | 'reject', isStale: boolean): string | undefined {
    const request = newest(w)
    if (!request) return 'nothing to vote on'
    const conflicts = conflictsOf(w, request.requester, request.subject)
    const changed = changesBetween(partsOf(request.subject, request.policyDigest), partsNow(w))
    const revisionDigest = isStale ? (w.requests.at(-2)?.revisionDigest ?? 'stale') : request.revisionDigest
    const ballot = {
      identityId: by,
      person: personOf(w, by),
      grants: grantsOf(w, by),
      decision,
      revisionDigest,
      conflicts,
    }
    const decided = decideVote(request, { ...ballot, votes: counted(w, request), changed }, w.now)
    if (decided.kind === 'refused') return decided.because
    request.votes.push({ identityId: by, decision, revisionDigest })
    const result = judgeRequest(request, conflicts, counted(w, request), w.now)
    if (result.outcome === 'open') return undefined
    move(request, result.outcome)
    if (result.outcome === 'approved') {
      request.approvedAt = w.now
      request.expiresAt = new Date(w.now.getTime() + request.policy.approvalTtl * 1000)
    }
    return undefined
  },
  end(w: World, by: string, to: 'withdrawn' | 'revoked'): string | undefined {
    const request = newest(w)
    if (!request) return 'nothing to end'
    if (to === 'withdrawn' && request.requester !== by) return 'only whoever asked'
    if (to === 'revoked' && !w.roles.has(`${by} approver`)) return 'only approvers'
    const may = to === 'withdrawn' ? can.withdraw(request) : can.revoke(request)
    if (!may.allowed) return may.because
    move(request, to)
    return undefined
  },
  expire(w: World): void {
    for (const r of w.requests) if (isOverdue(r, w.now)) move(r, 'expired')
  },
  breakGlass(w: World, by: string): string | undefined {
    const rule = w.policy.policy.breakGlass
    if (!rule || !w.roles.has(`${by} operator`)) return 'not for this role'
    if (w.glass.some((g) => g.verdict === null)) return 'an earlier one awaits its review'
    const state = newest(w)?.state
    if (state === 'rejected' || state === 'revoked') return 'barred'
    w.glass.push({
      id: `bg${w.glass.length}`,
      by,
      expiresAt: new Date(w.now.getTime() + rule.ttl * 1000),
      verdict: null,
      reviewer: null,
    })
    return undefined
  },
  review(w: World, by: string, verdict: 'accepted' | 'objected'): string | undefined {
    const glass = w.glass.find((g) => g.verdict === null)
    if (!glass) return 'nothing to review'
    if (personOf(w, glass.by) === personOf(w, by)) return 'its own user'
    Object.assign(glass, { verdict, reviewer: by })
    return undefined
  },
  use(w: World, by: string): Clearance {
    const row = newest(w)
    const glass = w.glass.find((g) => g.expiresAt > w.now && g.verdict !== 'objected')
    const roles = grantsOf(w, by).map((g) => g.role)
    const people = row && { votes: counted(w, row), conflicts: conflictsOf(w, row.requester, row.subject) }
    const nobody: Conflicts = { requester: [], 'version-author': [], 'run-owner': [], 'evidence-author': [] }
    return judgeClearance({
      row,
      digest: 'sha256:v',
      parts: partsNow(w),
      current: w.policy,
      roles,
      now: w.now,
      votes: people?.votes ?? [],
      conflicts: people?.conflicts ?? nobody,
      glass: glass && {
        id: glass.id,
        expiresAt: glass.expiresAt,
        usedBy: glass.by,
      },
    })
  },
}

export function advance(w: World, days: number): void {
  w.now = new Date(w.now.getTime() + days * dayMs)
}
