import type { PlanChain } from '#lib/rollouts/model.ts'

/** What a stage proves: `requested` is our own intent, `applied` that the outside took it, `verified` that it was read back. */
export type StageKind = 'decided' | 'requested' | 'applied' | 'verified' | 'ended'

export type Stage = {
  id: string
  kind: StageKind
  label: string
  /** Null until then. */
  atMs: number | null
  /** Since the last stage that was reached; null for the first one and for what is still to come. */
  afterMs: number | null
}

export type ChainKind = 'rollback' | 'promotion'

/** The stages of a rollback or promotion in order, from what was seen to the end, with the time that each took. */
export function stagesOf(chain: PlanChain, kind: ChainKind): Stage[] {
  const first =
    chain.by === 'machine' ? (kind === 'rollback' ? 'Breach seen' : 'Last step passed') : 'Asked by a person'
  const stages: Omit<Stage, 'afterMs'>[] = [
    { id: 'decided', kind: 'decided', label: first, atMs: instant(chain.decidedAt) },
    { id: 'intent', kind: 'requested', label: 'Intent committed', atMs: instant(chain.intentAt) },
    { id: 'applied', kind: 'applied', label: 'Traffic applied', atMs: instant(chain.trafficAppliedAt) },
    { id: 'traffic', kind: 'verified', label: 'Traffic verified', atMs: instant(chain.trafficVerifiedAt) },
    { id: 'alias', kind: 'verified', label: 'Alias verified', atMs: instant(chain.aliasVerifiedAt) },
    {
      id: 'ended',
      kind: 'ended',
      label: kind === 'rollback' ? 'Rolled back' : 'Promoted',
      atMs: instant(chain.endedAt),
    },
  ]
  let before: number | null = null
  return stages.map((stage) => {
    const afterMs = stage.atMs === null || before === null ? null : stage.atMs - before
    before = stage.atMs ?? before
    return { ...stage, afterMs }
  })
}

/** The three different things, for a dialog: when it was asked for, when the outside took it, when it was read back. */
export type Reached = { requestedAtMs: number | null; appliedAtMs: number | null; verifiedAtMs: number | null }

/** How far a chain has come. It is verified only when traffic and alias both were read back. */
export function reachedOf(chain: PlanChain | null): Reached {
  if (chain === null) return { requestedAtMs: null, appliedAtMs: null, verifiedAtMs: null }
  const traffic = instant(chain.trafficVerifiedAt)
  const alias = instant(chain.aliasVerifiedAt)
  return {
    requestedAtMs: instant(chain.intentAt),
    appliedAtMs: instant(chain.trafficAppliedAt),
    verifiedAtMs: traffic === null || alias === null ? null : Math.max(traffic, alias),
  }
}

/** From the decision until its traffic was read back, the figure that the goal of one second is about; null until then. */
export function verifiedAfterMs(chain: PlanChain): number | null {
  const verified = instant(chain.trafficVerifiedAt)
  const decided = instant(chain.decidedAt)
  return verified === null || decided === null ? null : verified - decided
}

function instant(text: string | null): number | null {
  return text === null ? null : Date.parse(text)
}
