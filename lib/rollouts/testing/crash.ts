import type pg from 'pg'
import { expect } from 'vitest'
import type { System } from '#lib/platform/context.ts'
import { openPool } from '#lib/platform/db/connect.ts'
import type { TrafficPort, Weight } from '#lib/platform/ports/traffic.ts'
import type { TestSystem } from '../../../tests/support/system.ts'
import { startRollout } from '../start-rollout.ts'
import { reconcileRollouts } from '../reconcile.ts'
import { cloneStory, type ClonedStory } from './clone-story.ts'
import { mortalSystem } from './mortal-system.ts'
import { serveSecond } from './serve.ts'
import { storySystem } from './story-system.ts'
import { aliasOf, entriesOf, percentAtPlane, stateOf, tellStory, turnsNow, turnUntil, type Story } from './story.ts'

/** A system on a database of its own, whose processes are killed at every statement and port call of a path. */
export type CrashHarness = {
  t: TestSystem
  owner: pg.Pool
  /** By endpoint, all splits that were asked of the data plane, whatever it answered. */
  asked: Map<string, Weight[][]>
  close(): Promise<void>
}

export async function crashHarness(): Promise<CrashHarness> {
  const plain = await storySystem()
  const asked: CrashHarness['asked'] = new Map()
  const t = { ...plain, system: recording(plain.system, asked) }
  const owner = openPool({
    url: t.databaseUrl,
    role: 'owner',
    max: 2,
    applicationName: 'crash',
    onError: () => undefined,
  })
  const close = async () => {
    await owner.end()
    await t.close()
  }
  return { t, owner, asked, close }
}

// Below the mortal ports: what a process asks for after its death is not asked for.
function recording(system: System, asked: CrashHarness['asked']): System {
  const traffic = (cluster: string): TrafficPort => {
    const port = system.ports.traffic(cluster)
    return {
      ...port,
      write: (change) => {
        asked.set(change.endpointId, [...(asked.get(change.endpointId) ?? []), change.weights])
        return port.write(change)
      },
    }
  }
  return { ...system, ports: { ...system.ports, traffic } }
}

const far = '2999-01-01T00:00:00Z'
const leaseMs = 31_000

/** A rollout at its first step, with telemetry for the next decision; nothing is due until it is cloned. */
export async function begun(h: CrashHarness, candidate: { errors?: number }): Promise<{ story: Story; id: string }> {
  const { t } = h
  const story = await tellStory(t)
  const { endpointId, candidate: versionId } = story
  const { id } = await startRollout(story.operator, { endpointId, versionId, reason: 'the new one' })
  await turnUntil(story, id, ['progressing'])
  await turnsNow(t.system)
  t.clock.advance(20_000)
  await serveSecond(story, { candidate })
  await park(h, id)
  return { story, id }
}

export async function park({ owner }: CrashHarness, id: string): Promise<void> {
  await owner.query('update rollout set due_at = $2 where id = $1', [id, far])
}

async function due({ t, owner }: CrashHarness, ids: readonly string[]): Promise<void> {
  await owner.query('update rollout set due_at = $2 where id = any($1)', [ids, t.clock.now()])
}

/** Turns of a process that dies before its n-th call. True when it died; false when it came to the end of the path. */
async function runUntilDeath({ t }: CrashHarness, story: ClonedStory, end: string, diesBefore: number | null) {
  const mortal = mortalSystem(t, diesBefore)
  try {
    for (let turn = 0; turn < 40 && !mortal.isDead(); turn += 1) {
      const worked = await reconcileRollouts(mortal.system, 'mortal').catch(() => 0)
      if (mortal.isDead() || (await stateOf(story, story.rolloutId)) === end) break
      // The server that was replaced or taken back is kept for a while: time goes on to its end.
      if (worked === 0) t.clock.advance(11_000)
    }
    return { died: mortal.isDead(), calls: mortal.calls }
  } finally {
    await mortal.bury()
  }
}

/** Kills a process at every call of the path, and lets another one bring all of them to their end. */
export async function killAtEach(
  h: CrashHarness,
  story: Story,
  id: string,
  end: 'rolled-back' | 'succeeded',
): Promise<ClonedStory[]> {
  const counting = await cloned(h, story, id)
  const whole = await runUntilDeath(h, counting, end, null)
  expect(await stateOf(counting, counting.rolloutId)).toBe(end)
  await park(h, counting.rolloutId)
  const points: ClonedStory[] = []
  const survivors: number[] = []
  for (let n = 1; n <= whole.calls.length; n += 1) {
    const point = await cloned(h, story, id)
    const { died } = await runUntilDeath(h, point, end, n)
    if (!died) survivors.push(n)
    await park(h, point.rolloutId)
    points.push(point)
  }
  // Every call of the path was one before which a process died: none was counted that is not made again.
  expect(survivors).toEqual([])
  await recover(h, points, end)
  return points
}

async function cloned(h: CrashHarness, story: Story, id: string): Promise<ClonedStory> {
  const clone = await cloneStory(h.owner, story, id)
  await due(h, [clone.rolloutId])
  return clone
}

async function recover(h: CrashHarness, points: ClonedStory[], end: string): Promise<void> {
  const { t } = h
  const ids = points.map(({ rolloutId }) => rolloutId)
  t.clock.advance(leaseMs)
  for (let round = 0; round < 20; round += 1) {
    await due(h, ids)
    let worked = 1
    for (let turn = 0; turn < 5_000 && worked > 0; turn += 1) worked = await reconcileRollouts(t.system, 'heir')
    t.clock.advance(11_000)
    const query = t.system.db
      .selectFrom('rollout')
      .select('id')
      .where('id', 'in', ids)
      .where('state', '<>', end as 'failed')
    if ((await query.execute()).length === 0) return
  }
}

/**
 * What a killed path came to in the end: its state, traffic, alias, the audit entries of its plan in order, and the highest
 * share that was asked for the candidate on the way, by the killed process and its heir. A path begins with the decision,
 * so all that was asked for came after its intent.
 */
export async function outcomeOf({ asked }: CrashHarness, point: ClonedStory) {
  const splits = (asked.get(point.endpointId) ?? []).flat()
  const percents = splits.flatMap(({ versionId, percent }) => (versionId === point.candidate ? [percent] : []))
  const entries = await entriesOf(point, point.rolloutId)
  const plan = entries.filter(({ kind }) => kind === 'rollout:roll-back' || kind === 'rollout:promote')
  return {
    state: await stateOf(point, point.rolloutId),
    candidatePercent: percentAtPlane(point),
    candidatePercentMax: Math.max(...percents),
    alias: (await aliasOf(point)) === point.stable ? 'stable' : 'candidate',
    chain: plan.map(({ after }) => (after.phase === 'intent' ? 'intent' : String(after.key).replace(/^.*\/\d+-/, ''))),
  }
}
