import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestSystem } from '../../tests/support/system.ts'
import { listObservations, listRollouts, readRollout, readRolloutSeries, whatIf } from './reads.ts'
import { promoteRollout } from './promote-rollout.ts'
import { rollBackRollout } from './roll-back-rollout.ts'
import { startRollout } from './start-rollout.ts'
import { serveSecond } from './testing/serve.ts'
import { storySystem } from './testing/story-system.ts'
import { aliasOf, entriesOf, stateOf, tellStory, turnsNow, turnUntil, type Story } from './testing/story.ts'

let t: TestSystem
beforeAll(async () => {
  t = await storySystem()
})
afterAll(() => t.close())

async function promoted(rolloutPolicy: string): Promise<{ story: Story; id: string }> {
  const story = await tellStory(t, { rolloutPolicy })
  const { endpointId, candidate: versionId } = story
  const { id } = await startRollout(story.operator, { endpointId, versionId, reason: 'the new one' })
  await turnUntil(story, id, ['succeeded'], { everySecond: () => serveSecond(story) })
  return { story, id }
}

/** The same without its steps, which the watch does not look at. */
async function promotedAtOnce(rolloutPolicy: string): Promise<{ story: Story; id: string }> {
  const story = await tellStory(t, { rolloutPolicy })
  const { endpointId, candidate: versionId } = story
  const { id } = await startRollout(story.operator, { endpointId, versionId, reason: 'the new one' })
  await turnUntil(story, id, ['progressing'])
  await promoteRollout(story.operator, { rolloutId: id, reason: 'for the watch' })
  await turnUntil(story, id, ['succeeded'])
  return { story, id }
}

async function serveFor(story: Story, seconds: number, correct: number, errors = 0.005): Promise<void> {
  for (let second = 0; second < seconds; second += 2) {
    await serveSecond(story, { candidate: { correct, errors }, requests: 20_000 })
    t.clock.advance(2_000)
    await turnsNow(t.system)
  }
}

const told = async (story: Story, id: string) =>
  (await entriesOf(story, id)).filter(({ after }) => after.phase === 'watch')

describe('the watch after a promotion', () => {
  it('holds and pages once when accuracy falls and the target is not known to be better', async () => {
    const { story, id } = await promotedAtOnce('short-steps')
    await serveFor(story, 40, 0.95)
    expect(await told(story, id)).toEqual([])
    await serveFor(story, 60, 0.5)
    const entries = await told(story, id)
    expect(entries).toHaveLength(1)
    expect(entries[0]).toMatchObject({
      kind: 'rollout:hold',
      outcome: 'found',
      after: { item: 'accuracy', page: true },
    })
    expect(entries[0]?.because).toMatch(/in 3 windows in a row; .*not known to be better/)
    expect(await stateOf(story, id)).toBe('succeeded')
    const { watch } = await readRollout(story.operator, id)
    expect(watch?.items.accuracy?.decision).toMatchObject({ kind: 'hold', state: 'breach' })
  })

  it('tells a second episode anew, and errors by their own item', async () => {
    const { story, id } = await promotedAtOnce('short-steps')
    for (const errors of [0.2, 0.001, 0.2]) await serveFor(story, 45, 0.95, errors)
    const items = (await told(story, id)).map(({ after }) => [after.item, after.decision])
    expect(items).toEqual([
      ['errors', 'page'],
      ['errors', 'page'],
    ])
  })

  it('rolls back by itself where the policy says even if unknown: the same rollout, taken back and verified', async () => {
    const { story, id } = await promotedAtOnce('even-if-unknown')
    await serveFor(story, 50, 0.5)
    await turnUntil(story, id, ['rolled-back'])
    expect(await aliasOf(story)).toBe(story.stable)
    const detail = await readRollout(story.operator, id)
    expect(detail).toMatchObject({ rollbackBy: 'machine', state: 'rolled-back' })
    expect(detail.chain.promotion?.aliasVerifiedAt).not.toBeNull()
    expect(detail.chain.rollback?.aliasVerifiedAt).not.toBeNull()
  })
})

describe('the watch of what serves again', () => {
  it('goes on after a later rollout was taken back, which may be taken back no more', async () => {
    const { story, id } = await promotedAtOnce('short-steps')
    t.clock.advance(600_000)
    const later = { endpointId: story.endpointId, versionId: story.stable, reason: 'another try' }
    const { id: laterId } = await startRollout(story.operator, later)
    await turnUntil(story, laterId, ['progressing'])
    expect((await readRollout(story.operator, id)).mine.rollBack).toMatchObject({ allowed: false })
    await rollBackRollout(story.operator, { rolloutId: laterId, reason: 'not this one' })
    await turnUntil(story, laterId, ['rolled-back'])
    await serveFor(story, 60, 0.5)
    expect(await told(story, id)).toHaveLength(1)
    expect((await readRollout(story.operator, id)).mine.rollBack).toMatchObject({ allowed: true })
    expect((await readRollout(story.operator, laterId)).mine.rollBack).toMatchObject({ allowed: false })
  })
})

describe('reads', () => {
  it('show the list, the story, what the caller may do, the series and the observations', async () => {
    const { story, id } = await promoted('short-steps')
    const list = await listRollouts(story.developer, { limit: 1 })
    expect(list).toMatchObject({ items: [{ id, state: 'succeeded' }], nextCursor: null })
    const mine = (await readRollout(story.developer, id)).mine
    expect(mine.rollBack).toMatchObject({ allowed: false, because: expect.stringContaining('operator') as string })
    expect((await readRollout(story.operator, id)).mine.rollBack).toEqual({ allowed: true })
    const series = await readRolloutSeries(story.developer, id)
    expect(series.marks.map(({ weight }) => weight)).toEqual([5, 25, 50, 100])
    expect(new Set(series.requests.map(({ versionId }) => versionId))).toEqual(new Set([story.stable, story.candidate]))
    expect(series.proportions.some(({ name, candidate }) => name === 'accuracy' && candidate.n > 0)).toBe(true)
    const page = await listObservations(story.developer, id, { limit: 3 })
    expect(page.items).toHaveLength(3)
    const next = await listObservations(story.developer, id, { limit: 3, cursor: page.nextCursor ?? '' })
    expect(next.items.every(({ id: later }) => later < (page.items[2]?.id ?? ''))).toBe(true)
    const stranger = await (await t.workspace()).as('admin')
    await expect(readRollout(stranger, id)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('say what another policy would have decided, and nothing for the same one', async () => {
    const { story, id } = await promoted('short-steps')
    const text = readFileSync(new URL('testing/short-steps.yaml', import.meta.url), 'utf8')
    const same = await whatIf(story.developer, { rolloutId: id, policy: text })
    expect(same.differences).toEqual([])
    expect(same.looked).toBeGreaterThan(5)
    const strict = text
      .replace('by: 0.02 } }, critical', 'by: 0 } }, critical')
      .replaceAll('atLeast: 8s', 'atLeast: 80s')
    const { differences } = await whatIf(story.developer, { rolloutId: id, policy: strict })
    expect(differences.map(({ was, would }) => [was.kind, would.kind])).toContainEqual(['advance', 'wait'])
    const wrong = whatIf(story.developer, { rolloutId: id, policy: 'kind: Nothing' })
    await expect(wrong).rejects.toMatchObject({ code: 'invalid' })
  })

  it('refuse a rollback of what a later rollout replaced', async () => {
    const { story, id } = await promoted('short-steps')
    const later = { endpointId: story.endpointId, versionId: story.stable, reason: 'back by a rollout' }
    await startRollout(story.operator, later)
    const detail = await readRollout(story.operator, id)
    expect(detail.mine.rollBack).toMatchObject({ allowed: false })
    await expect(rollBackRollout(story.operator, { rolloutId: id, reason: 'too late' })).rejects.toThrow(
      'a later rollout',
    )
  })
})
