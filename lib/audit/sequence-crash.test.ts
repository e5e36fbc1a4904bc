import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemCtx } from '#lib/platform/call.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { sequenceEntries } from './sequence.ts'
import { dyingSystem } from './testing/dying-writer.ts'
import { appendOne, placesOf, verifyLog } from './testing/log.ts'

let t: TestSystem
beforeAll(async () => {
  t = await testSystem()
  await appendOne(t.system, 'the first of all')
  await sequenceEntries(t.system)
})
afterAll(() => t.close())

/** Dies at one statement of a turn; then a healthy sequencer goes on. @returns false when the turn had fewer statements */
async function dieAt(at: number, when: 'before' | 'after'): Promise<boolean> {
  await sequenceEntries(t.system)
  const before = await placesOf(t.system)
  const ids = [await appendOne(t.system, `a ${when} ${at}`), await appendOne(t.system, `b ${when} ${at}`)]
  const dying = dyingSystem(t.system, t.databaseUrl, { at, when })
  const died = await sequenceEntries(dying.system).then(
    () => false,
    () => true,
  )
  await dying.close()
  const left = await placesOf(t.system)
  // Nothing, or all of it: the answer to COMMIT may be lost while the commit was not.
  expect([before.length, before.length + 2]).toContain(left.length)
  await sequenceEntries(t.system)
  expect(await placesOf(t.system)).toEqual([...before, ...ids])
  return died
}

describe('a sequencer that dies in the middle of a batch', () => {
  it.each(['before', 'after'] as const)('leaves nothing half done, whichever statement it dies %s', async (when) => {
    let at = 1
    while (await dieAt(at, when)) at += 1
    // begin, lock, horizon, entries, edge, leaves, tiles, key, head, proof, checkpoint, state, commit
    expect(at).toBeGreaterThan(10)
    expect(at).toBeLessThan(100)
    expect((await verifyLog(systemCtx(t.system))).findings).toEqual([])
  })
})
