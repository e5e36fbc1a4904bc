import type { RolloutDetail } from '#lib/rollouts/views.ts'
import type { PlanLine } from '../../../../_ui/dialog/confirm-dialog.tsx'

type Rollout = Pick<RolloutDetail, 'from' | 'to' | 'weight' | 'chain'>

/** What a rollback will do, line by line: the same steps as the plan that is committed with it. */
export function rollbackLines(r: Rollout, alias: string): PlanLine[] {
  const promoted = r.chain.promotion?.aliasVerifiedAt !== null && r.chain.promotion !== null
  return [
    ...traffic(r, 0),
    {
      what: `Alias ${alias}`,
      ...(promoted ? { from: r.to.version } : {}),
      to: promoted ? r.from.version : `stays ${r.from.version}`,
    },
    { what: `Server of ${r.to.version}`, to: 'taken away 10 s later' },
  ]
}

/** What a promotion to the end will do. */
export function promotionLines(r: Rollout, alias: string): PlanLine[] {
  return [
    ...traffic(r, 100),
    { what: `Alias ${alias}`, from: r.from.version, to: r.to.version },
    { what: `Server of ${r.from.version}`, to: 'taken away 60 s later' },
  ]
}

/** What a step on will do. */
export function stepLines(r: Rollout, weight: number): PlanLine[] {
  return [...traffic(r, weight), { what: 'Samples', to: 'counted afresh from then on' }]
}

function traffic(r: Rollout, candidatePercent: number): PlanLine[] {
  return [
    { what: `Traffic to ${r.to.version}`, from: `${r.weight} %`, to: `${candidatePercent} %` },
    { what: `Traffic to ${r.from.version}`, from: `${100 - r.weight} %`, to: `${100 - candidatePercent} %` },
  ]
}
