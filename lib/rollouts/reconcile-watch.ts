import { findOpenFindings } from '#lib/drift/reads.ts'
import { findEndpoint } from '#lib/endpoints/reads.ts'
import { mutate } from '#lib/mutate.ts'
import { currentDrill } from '#lib/platform/drill.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { emptyQuality } from '#lib/quality/fold.ts'
import { findQualityTotals } from '#lib/quality/reads.ts'
import { emptyHistogram } from '#lib/telemetry/histogram.ts'
import { findRequestTotals } from '#lib/telemetry/reads.ts'
import { returnApprovalOf } from './find-approvals.ts'
import { countsOf } from './measure.ts'
import type { WatchItemState, WatchState } from './model.ts'
import { percentOf } from './plan-input.ts'
import type { WatchItem } from './policy.ts'
import { selectHistory, selectNewestId, updateWatch } from './queries.ts'
import { walkPlan } from './reconcile-plan.ts'
import { recordPlan, sentence } from './reconcile-record.ts'
import { acted, change, ClaimLost, loader, rest, workerOf, type Turn, type TurnResult } from './reconcile-turn.ts'
import { decideWatch, type WatchDecision, type WatchObservation } from './watch.ts'
import { addBorder, completeWindows, windowsBetween } from './watch-windows.ts'

const parkedMs = 86_400_000
const lookEveryMsMax = 30_000
/** Telemetry of a slice that has ended still arrives for so long. */
const latenessMs = 5_000

type Common = Pick<WatchObservation, 'servingSince' | 'inputsDrifted' | 'target' | 'history'>
type Looked = { name: string; state: WatchItemState; decision: WatchDecision }

/**
 * The watch that follows a promotion and never ends while the version serves: each item is judged on its last windows, and
 * a breach is told once an episode or taken back, as the policy says. First the plan's last step is finished.
 */
export async function watchPromoted(turn: Turn): Promise<TurnResult> {
  const { row, system, now } = turn
  const isUnfinished = row.plan !== null && row.planStep < row.plan.steps.length
  const cleared = isUnfinished ? await walkPlan(turn) : null
  if (cleared?.acted) return cleared
  const standing = await standingOf(turn)
  if (standing !== 'serves') return cleared ?? rest(standing === 'over' ? parkedMs : lookEveryMsMax)
  const { common, drill } = await observeServing(turn)
  const looked: Looked[] = []
  for (const item of row.policy.after) looked.push(await lookAt(turn, item, common))
  const watch: WatchState = {
    at: now.getTime(),
    items: Object.fromEntries(looked.map(({ name, state }) => [name, state])),
  }
  const result = await answer(turn, looked, watch, drill)
  if (result) return result
  const isHeld = await housekeep(system, 'observation', (tx) => updateWatch(tx, row, watch))
  if (!isHeld) throw new ClaimLost(`the claim on rollout ${row.id} was lost`)
  const shortestMs = Math.min(...row.policy.after.map(({ windowSeconds }) => windowSeconds * 1000), Infinity)
  const lookMs = Math.min(lookEveryMsMax, Math.max(1_000, Math.floor(shortestMs / 5)))
  return rest(cleared ? Math.min(cleared.pauseMs, lookMs) : lookMs)
}

// Over when another version serves or the endpoint was retired: a rollback would bring back what was taken away. While a
// later rollout is under way it compares the versions itself; when that one was taken back, the watch goes on.
async function standingOf({ system, row }: Turn): Promise<'serves' | 'waits' | 'over'> {
  if ((await findEndpoint(system.db, row.endpointId))?.stableVersionId !== row.to.versionId) return 'over'
  return (await selectNewestId(system.db, row.endpointId)) === row.id ? 'serves' : 'waits'
}

async function observeServing(turn: Turn): Promise<{ common: Common; drill: string | undefined }> {
  const { system, row, now } = turn
  const [findings, history, approval, drill] = await Promise.all([
    findOpenFindings(system.db, { endpointId: row.endpointId }),
    selectHistory(system.db, row.endpointId, row.to.versionId),
    returnApprovalOf(system.db, row, now, false),
    currentDrill(system.db, row.workspaceId),
  ])
  const acting = findings.filter(({ level }) => level === 'act')
  const because = 'no comparison of both versions on the present traffic is recorded'
  const servingSince = Date.parse(
    row.chain.promotion?.trafficVerifiedAt ?? (row.endedAt ?? row.createdAt).toISOString(),
  )
  return {
    common: {
      servingSince,
      // No finding is no proof: whether a monitor looks at these inputs at all is not told here.
      inputsDrifted: acting.length > 0 ? true : null,
      target: { versionId: row.from.versionId, approval, better: 'unknown', because },
      history,
    },
    drill: drill?.label,
  }
}

async function lookAt(turn: Turn, item: WatchItem, common: Common): Promise<Looked> {
  const { row, now } = turn
  const before = row.watch?.items[item.name]
  const borders = before?.borders ?? []
  const isTotal = item.of.startsWith('quality.')
  const known = isTotal ? addBorder(borders, await totalsOf(turn, item), item, now.getTime()) : []
  const windows = isTotal ? windowsBetween(known) : await requestWindows(turn, item, common.servingSince)
  const decision = decideWatch(item, { ...common, windows }, row.policy, now.getTime())
  // An episode ends when something else than a breach is known; while nothing is known it goes on.
  const isOver = decision.state === 'normal' || decision.state === 'degraded'
  const toldAt = isOver ? null : (before?.toldAt ?? null)
  return { name: item.name, decision, state: { decision, borders: known, toldAt } }
}

async function totalsOf({ system, row }: Turn, item: WatchItem) {
  const quality = await findQualityTotals(system.db, { endpointId: row.endpointId, versionId: row.to.versionId })
  const requests = { requests: 0, errors: 0, latency: null }
  return countsOf(item.of)?.({ requests, quality }) ?? { n: 0, k: 0 }
}

// All traffic generations of the serving version: what serves now has all of the traffic, so nothing is compared.
async function requestWindows({ system, row, now }: Turn, item: WatchItem, since: number) {
  const spans = completeWindows(item, since, now.getTime(), latenessMs)
  return Promise.all(
    spans.map(async ({ startAt, endAt }): Promise<WatchObservation['windows'][number]> => {
      const filter = { endpointId: row.endpointId, versionId: row.to.versionId }
      const span = { from: new Date(startAt), to: new Date(endAt) }
      const requests = await findRequestTotals(system.db, { ...filter, ...span })
      if (item.quantile !== null) {
        return { kind: 'quantile', startAt, endAt, histogram: requests.latency ?? emptyHistogram() }
      }
      const counts = countsOf(item.of)?.({ requests, quality: emptyQuality() }) ?? { n: 0, k: 0 }
      return { kind: 'proportion', startAt, endAt, counts }
    }),
  )
}

// A rollback goes before anything that is only told.
async function answer(
  turn: Turn,
  looked: Looked[],
  watch: WatchState,
  drill: string | undefined,
): Promise<TurnResult | null> {
  const back = looked.find(({ decision }) => decision.kind === 'rollback')
  if (back) {
    const planned = await recordPlan(turn, 'rollback', await readOutside(turn), sentence(back.decision), drill)
    if (planned.ok) return acted
    if (back.state.toldAt !== null) return null
    return tell(turn, back, watch, `no rollback is possible: ${planned.because}`, drill)
  }
  const untold = looked.find(({ decision, state }) => decision.page && state.toldAt === null)
  return untold ? tell(turn, untold, watch, null, drill) : null
}

async function readOutside({ system, row }: Turn) {
  const [cluster, traffic] = await Promise.all([
    system.ports.cluster(row.cluster).observe(row.endpointId),
    system.ports.traffic(row.cluster).read(row.endpointId),
  ])
  const candidatePercent = traffic.kind === 'observed' ? percentOf(traffic.weights, row.to.versionId) : row.weight
  return { cluster, candidatePercent }
}

// One entry an episode, in the transaction that remembers that it was told.
async function tell(
  turn: Turn,
  { name, decision }: Looked,
  watch: WatchState,
  obstacle: string | null,
  drill: string | undefined,
): Promise<TurnResult> {
  const { row, now } = turn
  const item = watch.items[name]
  if (!item) throw new Error(`the watch has no item ${name}`)
  const items = { ...watch.items, [name]: { ...item, toldAt: now.getTime() } }
  const because = [sentence(decision), ...(obstacle === null ? [] : [obstacle])].join('; ')
  await mutate(workerOf(turn), { action: 'rollout:hold', load: loader(turn) }, async (tx) => {
    await change(tx, turn, { watch: { ...watch, items } })
    const { kind, windows, unless } = decision
    const after = { state: row.state, phase: 'watch', item: name, decision: kind, page: true, windows, unless }
    return {
      value: undefined,
      audit: { outcome: 'found' as const, after, because, policies: [row.policyDigest], drill },
    }
  })
  return acted
}
