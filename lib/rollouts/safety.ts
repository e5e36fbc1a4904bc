import type { Reason, ReasonCode } from './decision.ts'
import type { RolloutObservation } from './observation.ts'
import type { Reaction } from './policy-schema.ts'
import type { RolloutPolicy } from './policy.ts'

/** Something that stops a rollout whatever the metrics say: what it is, what it leads to, and what would end it. */
export type Trouble = { reason: Reason; reaction: Reaction; cure: string }

type Scene = { observation: RolloutObservation; policy: RolloutPolicy; now: number }

/** All that is unsafe about the rollout now: breaker, approval, other managers, readiness and freeze. */
export function findSafetyTroubles(scene: Scene): Trouble[] {
  const found = [
    findTrip(scene),
    findApprovalTrouble(scene),
    findOutsideChange(scene),
    findUnready(scene),
    findFreeze(scene),
  ]
  return found.filter((trouble) => trouble !== null)
}

function findTrip({ observation, policy }: Scene): Trouble | null {
  const { breaker } = observation.traffic
  if (breaker === null) return null
  const message = `the data plane's breaker took the candidate out (${breaker.tripId}): ${breaker.because}`
  return trouble('breaker-tripped', message, policy.on.fail, 'the trip were acknowledged by a person')
}

function findApprovalTrouble({ observation, policy }: Scene): Trouble | null {
  const { approvalRevoked, approvalExpired } = policy.on
  switch (observation.approval) {
    case 'valid':
      return null
    case 'revoked':
      return trouble('approval-revoked', 'the approval was revoked', approvalRevoked, 'the candidate is approved anew')
    case 'expired':
      return trouble('approval-expired', 'the approval has expired', approvalExpired, 'the approval is renewed')
    case 'missing':
      return trouble('approval-missing', 'there is no approval', approvalRevoked, 'the candidate is approved')
    default:
      observation.approval satisfies never
      throw new TypeError(`unknown approval status ${String(observation.approval)}`)
  }
}

/**
 * Somebody else moved the traffic. Not looked for while a trip is latched (the data plane itself went to stable), nor
 * before our own weights were read back once.
 */
function findOutsideChange({ observation }: Scene): Trouble | null {
  const { reading, intendedCandidatePercent, breaker } = observation.traffic
  const isOurs = observation.state === 'progressing' || observation.state === 'held'
  if (!isOurs || reading.kind === 'unreachable' || breaker !== null || observation.stepStartedAt === null) return null
  const differs = reading.candidatePercent !== intendedCandidatePercent
  if (!differs && reading.otherManager === null) return null
  const who = reading.otherManager ?? 'somebody else'
  const message = `${who} changed the endpoint: the candidate has ${reading.candidatePercent} %, intended are ${intendedCandidatePercent} %`
  return trouble('changed-by-other', message, 'hold', `${who} stops, and a person resumes`)
}

function findUnready({ observation: { candidate }, policy, now }: Scene): Trouble | null {
  const { afterSeconds, reaction } = policy.on.candidateUnready
  if (candidate.ready !== false || now - candidate.since < afterSeconds * 1000) return null
  const message = `the candidate has not been ready for ${afterSeconds} s or longer: ${candidate.because}`
  return trouble('candidate-unready', message, reaction, 'the candidate becomes ready')
}

function findFreeze({ observation: { freeze } }: Scene): Trouble | null {
  if (freeze === null) return null
  return trouble('frozen', `the freeze "${freeze}" is in force`, 'hold', 'the freeze ends and a person resumes')
}

function trouble(code: ReasonCode, message: string, reaction: Reaction, cure: string): Trouble {
  return { reason: { code, message, metric: null }, reaction, cure }
}
