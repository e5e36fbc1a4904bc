import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { can, ControlDemoInput } from './model.ts'
import { lockDemo, mergeDemo } from './queries.ts'

/**
 * Pauses the demonstration, lets it go on, or changes its pace. Its process reads the wish within a second.
 * @throws `not-found` where there is no demonstration, `conflict` when it was removed or has ended
 */
export async function controlDemo(ctx: Ctx, input: ControlDemoInput): Promise<{ paused: boolean; speed: number }> {
  const wish = parseInput(ControlDemoInput, input)
  return mutate(ctx, { action: 'demo:control', load: (tx) => loadDemo(tx, ctx.workspaceId) }, async (tx, demo) => {
    const may = can.control(demo.state)
    if (!may.allowed) throw problem('conflict', `Not changed: ${may.because}.`)
    const before = { paused: demo.state.paused, speed: demo.state.speed }
    const after = { paused: wish.paused ?? before.paused, speed: wish.speed ?? before.speed }
    await mergeDemo(tx, demo.workspaceId, after, ctx.clock.now())
    return { value: after, audit: { before, after, because: 'asked for' } }
  })
}

/** For the verbs on a demonstration: locked. */
export async function loadDemo(tx: Tx, workspaceId: string) {
  const subject = await lockDemo(tx, workspaceId)
  return subject && { subject, resource: { kind: 'demo', id: workspaceId, workspaceId }, name: 'demonstration' }
}
