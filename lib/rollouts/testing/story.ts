import { castVote } from '#lib/approvals/cast-vote.ts'
import { requestApproval } from '#lib/approvals/request-approval.ts'
import { createEndpoint } from '#lib/endpoints/create-endpoint.ts'
import { deployVersion } from '#lib/endpoints/deploy-version.ts'
import { reconcileEndpoints } from '#lib/endpoints/reconcile.ts'
import { createEnvironment } from '#lib/models/create-environment.ts'
import { registerModel } from '#lib/models/register-model.ts'
import { registerVersion } from '#lib/models/register-version.ts'
import type { Ctx, System } from '#lib/platform/context.ts'
import type { TestSystem, TestWorkspace } from '../../../tests/support/system.ts'
import type { RolloutState } from '../observation.ts'
import { reconcileRollouts } from '../reconcile.ts'

/** A model whose first version serves at an endpoint, with a second one that may be rolled out. */
export type Story = {
  t: StorySystem
  ws: TestWorkspace
  operator: Ctx
  developer: Ctx
  endpointId: string
  modelId: string
  environmentId: string
  stable: string
  candidate: string
  /** The approvals of both versions; empty where none is asked for. */
  approvalIds: string[]
}

/** What a story needs of a system, which tests and benchmarks make each in their own way. */
export type StorySystem = Pick<TestSystem, 'system' | 'clock' | 'servers' | 'plane' | 'workspace'>

/** A system for tests. Loaded late, so that a benchmark can use this file without the test runner. */
export async function storySystem(): Promise<TestSystem> {
  const { storySystem: open } = await import('./story-system.ts')
  return open()
}

export async function tellStory(
  t: StorySystem,
  options: { guarded?: boolean; rolloutPolicy?: string } = {},
): Promise<Story> {
  const { guarded = false, rolloutPolicy = 'short-steps' } = options
  const ws = await t.workspace()
  const [admin, developer, operator] = [await ws.as('admin'), await ws.as('developer'), await ws.as('operator')]
  const environment = await createEnvironment(admin, { name: 'production', protected: guarded })
  const model = await registerModel(developer, { name: 'delays', title: 'Delays' })
  const versions: string[] = []
  for (const n of [1, 2]) {
    const digest = `sha256:${String(n).repeat(64)}`
    const version = { modelId: model.id, version: `${n}.0.0`, digest, artifactUri: `file:///models/${n}` }
    versions.push((await registerVersion(developer, { ...version, evaluation: { metrics: { auc: 0.9 } } })).id)
  }
  const [stable = '', candidate = ''] = versions
  const approvalIds: string[] = []
  for (const id of guarded ? versions : []) approvalIds.push(await approve(ws, developer, id, environment.id))
  const endpoint = await createEndpoint(operator, {
    modelId: model.id,
    environmentId: environment.id,
    name: 'delays',
    template: { command: ['serve'] },
    rolloutPolicy,
  })
  await deployVersion(operator, { endpointId: endpoint.id, versionId: stable, reason: 'the first version' })
  await serveFirst(t, endpoint.id)
  const ids = { endpointId: endpoint.id, modelId: model.id, environmentId: environment.id }
  return { t, ws, operator, developer, ...ids, stable, candidate, approvalIds }
}

/** Runs turns, a second of the clock apart when nothing is to be done, until the rollout is in one of the states. */
export async function turnUntil(
  story: Pick<Story, 't'>,
  rolloutId: string,
  states: readonly RolloutState[],
  options: { system?: System; everySecond?: () => Promise<void>; secondsMax?: number } = {},
): Promise<RolloutState> {
  const { system = story.t.system, everySecond, secondsMax = 300 } = options
  for (let second = 0; second < secondsMax; second += 1) {
    await turnsNow(system)
    const state = await stateOf(story, rolloutId)
    if (states.includes(state)) return state
    await everySecond?.()
    story.t.clock.advance(1_000)
  }
  throw new Error(`still ${await stateOf(story, rolloutId)} after ${secondsMax} s, not ${states.join(' or ')}`)
}

/** Turns until there is nothing to do at this instant. */
export async function turnsNow(system: System): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) if ((await reconcileRollouts(system, 'test')) === 0) return
  throw new Error('the reconciler does not come to rest')
}

export async function stateOf({ t }: Pick<Story, 't'>, rolloutId: string): Promise<RolloutState> {
  const row = await t.system.db
    .selectFrom('rollout')
    .select('state')
    .where('id', '=', rolloutId)
    .executeTakeFirstOrThrow()
  return row.state
}

/** The candidate's percent at the data plane. */
export function percentAtPlane({ t, endpointId, candidate }: Story): number {
  const weights = t.plane.endpoints.get(endpointId)?.observed.weights ?? []
  return weights.find((w) => w.versionId === candidate)?.percent ?? 0
}

export async function aliasOf({ t, modelId }: Story): Promise<string | undefined> {
  const query = t.system.db.selectFrom('model_alias').select('version_id').where('model_id', '=', modelId)
  return (await query.executeTakeFirst())?.version_id
}

export type Told = { kind: string; outcome: string; because: string; after: Record<string, unknown> }

/** The audit entries of a thing, in the order in which they were written. */
export async function entriesOf({ t }: Pick<Story, 't'>, resourceId: string): Promise<Told[]> {
  const rows = await t.system.db
    .selectFrom('audit_entry as e')
    .innerJoin('audit_detail as d', 'd.entry_id', 'e.id')
    .select(['e.kind', 'e.outcome', 'd.content'])
    .where('e.resource_id', '=', resourceId)
    .orderBy('e.xid')
    .orderBy('e.id')
    .execute()
  return rows.map(({ kind, outcome, content }) => {
    const { because, after = {} } = JSON.parse(content ?? '{}') as { because: string; after?: Told['after'] }
    return { kind, outcome, because, after }
  })
}

// Endpoints of other tests may be due too, so a turn without an act does not say that this one is done.
async function serveFirst(t: StorySystem, endpointId: string): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) {
    await reconcileEndpoints(t.system, 'test')
    const query = t.system.db.selectFrom('endpoint').select('state').where('id', '=', endpointId)
    if ((await query.executeTakeFirst())?.state === 'serving') return
  }
  throw new Error('the first version does not come to serve')
}

async function approve(ws: TestWorkspace, developer: Ctx, versionId: string, environmentId: string): Promise<string> {
  const { id, revisionDigest } = await requestApproval(developer, { versionId, environmentId, reason: 'to serve' })
  for (const name of ['ann', 'ben']) {
    const vote = { approvalId: id, decision: 'approve' as const, reason: 'looks right', revisionDigest }
    await castVote(await ws.as('approver', name), vote)
  }
  return id
}
