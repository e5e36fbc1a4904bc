import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { revokeApproval } from '#lib/approvals/revoke-approval.ts'
import { isProblem } from '#lib/platform/errors.ts'
import type { TestSystem } from '../../tests/support/system.ts'
import { holdRollout } from './hold-rollout.ts'
import { can } from './model.ts'
import { rolloutStates } from './observation.ts'
import { promoteRollout } from './promote-rollout.ts'
import { resumeRollout } from './resume-rollout.ts'
import { rollBackRollout } from './roll-back-rollout.ts'
import { startRollout } from './start-rollout.ts'
import { storySystem } from './testing/story-system.ts'
import { entriesOf, tellStory, turnsNow, turnUntil, type Story } from './testing/story.ts'

let t: TestSystem
beforeAll(async () => {
  t = await storySystem()
})
afterAll(() => t.close())

const start = (story: Story, versionId = story.candidate) =>
  startRollout(story.operator, { endpointId: story.endpointId, versionId, reason: 'the new one' })
const steered = (rolloutId: string) => ({ rolloutId, reason: 'I looked at it' })
const codeOf = async (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (error: unknown) => (isProblem(error) ? error.code : String(error)),
  )

describe('the table of states', () => {
  it('says for every state and verb whether it may be, and if not why', () => {
    const table = rolloutStates.map((state) => {
      const may = [
        can.hold({ state }),
        can.resume({ state }),
        can.promote({ state, plan: null }),
        can.rollBack({ state, superseded: false }),
      ]
      for (const each of may) expect(each.allowed || each.because.length > 5).toBe(true)
      return [state, ...may.map(({ allowed }) => allowed)]
    })
    expect(table).toEqual([
      ['pending', true, false, false, true],
      ['progressing', true, false, true, true],
      ['held', false, true, true, true],
      ['promoting', true, false, false, true],
      ['succeeded', false, false, false, true],
      ['rolling-back', false, false, false, false],
      ['rolled-back', false, false, false, false],
      ['failed', false, false, false, false],
    ])
    expect(can.rollBack({ state: 'succeeded', superseded: true })).toMatchObject({ allowed: false })
  })
})

describe('startRollout', () => {
  it('writes the intent and its entry, and makes the version the candidate', async () => {
    const story = await tellStory(t, { guarded: true })
    const { id } = await start(story)
    const [entry] = await entriesOf(story, id)
    expect(entry).toMatchObject({ kind: 'rollout:start', because: 'the new one', after: { state: 'pending' } })
    expect(entry?.after.approvalId).toBe(story.approvalIds[1])
    const query = t.system.db.selectFrom('endpoint').select(['candidate_version_id', 'intended_weights'])
    expect(await query.where('id', '=', story.endpointId).executeTakeFirst()).toEqual({
      candidate_version_id: story.candidate,
      intended_weights: [
        { versionId: story.stable, percent: 100 },
        { versionId: story.candidate, percent: 0 },
      ],
    })
  })

  it('refuses a second one, the serving version, and an unknown one', async () => {
    const story = await tellStory(t)
    expect(await codeOf(start(story, story.stable))).toBe('conflict')
    expect(await codeOf(start(story, 'mv_00000000000000000000000000'))).toBe('not-found')
    await start(story)
    expect(await codeOf(start(story))).toBe('conflict')
  })

  it('lets one of many at the same time win', async () => {
    const story = await tellStory(t)
    const codes = await Promise.all(Array.from({ length: 8 }, () => codeOf(start(story))))
    expect(codes.toSorted()).toEqual([...Array.from({ length: 7 }, () => 'conflict'), 'done'])
  })

  it('refuses a version whose approval was revoked, where the environment is protected', async () => {
    const story = await tellStory(t, { guarded: true })
    const approver = await story.ws.as('approver', 'ann')
    await revokeApproval(approver, { approvalId: story.approvalIds[1] ?? '', reason: 'a leak' })
    await expect(start(story)).rejects.toThrow('its approval for production is revoked')
  })

  it('refuses while the endpoint cools down', async () => {
    const story = await tellStory(t)
    const { id } = await start(story)
    await rollBackRollout(story.operator, steered(id))
    await turnUntil(story, id, ['rolled-back'])
    await expect(start(story)).rejects.toThrow('lets it cool down until')
    t.clock.advance(61_000)
    expect(await codeOf(start(story))).toBe('done')
  })

  it('is forbidden to developers, on record, and unknown to other workspaces', async () => {
    const story = await tellStory(t)
    const stranger = await (await t.workspace()).as('operator')
    const input = { endpointId: story.endpointId, versionId: story.candidate, reason: 'the new one' }
    expect(await codeOf(startRollout(stranger, input))).toBe('not-found')
    expect(await codeOf(startRollout(story.developer, input))).toBe('forbidden')
    expect((await entriesOf(story, story.endpointId)).at(-1)).toMatchObject({
      kind: 'rollout:start',
      outcome: 'denied',
    })
    await expect(startRollout(story.operator, { ...input, reason: '' })).rejects.toThrow(/^reason: /)
  })
})

describe('steering', () => {
  it('refuses what the state does not allow, for each verb', async () => {
    const story = await tellStory(t)
    const { id } = await start(story)
    expect(await codeOf(resumeRollout(story.operator, steered(id)))).toBe('conflict')
    expect(await codeOf(promoteRollout(story.operator, steered(id)))).toBe('conflict')
    await holdRollout(story.operator, steered(id))
    expect(await codeOf(holdRollout(story.operator, steered(id)))).toBe('conflict')
    await rollBackRollout(story.operator, steered(id))
    expect(await codeOf(rollBackRollout(story.operator, steered(id)))).toBe('conflict')
    expect(await codeOf(holdRollout(story.developer, steered(id)))).toBe('forbidden')
    const stranger = await (await t.workspace()).as('operator')
    expect(await codeOf(rollBackRollout(stranger, steered(id)))).toBe('not-found')
  })

  it('promotes from held only when that is said, and only under a valid approval', async () => {
    const story = await tellStory(t, { guarded: true })
    const { id } = await start(story)
    await turnUntil(story, id, ['progressing'])
    await turnsNow(t.system)
    await holdRollout(story.operator, steered(id))
    await expect(promoteRollout(story.operator, steered(id))).rejects.toThrow('Say evenIfHeld to go on all the same')
    const step = { ...steered(id), to: 'next-step' as const, evenIfHeld: true }
    expect(await promoteRollout(story.operator, step)).toEqual({ rolloutId: id, state: 'progressing', weight: 25 })
    const approver = await story.ws.as('approver', 'ann')
    await revokeApproval(approver, { approvalId: story.approvalIds[1] ?? '', reason: 'a leak' })
    await expect(promoteRollout(story.operator, steered(id))).rejects.toThrow('approval of the candidate is revoked')
  })

  it('does not go back to a version whose approval was revoked', async () => {
    const story = await tellStory(t, { guarded: true })
    const { id } = await start(story)
    const approver = await story.ws.as('approver', 'ann')
    await revokeApproval(approver, { approvalId: story.approvalIds[0] ?? '', reason: 'a leak' })
    await expect(rollBackRollout(story.operator, steered(id))).rejects.toThrow('approval of the target')
  })
})
