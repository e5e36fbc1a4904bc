import { retireEndpoints } from '#lib/endpoints/retire-endpoints.ts'
import { revokeIngestKeysOf } from '#lib/members/revoke-ingest-keys-of.ts'
import { revokePersonaBindings } from '#lib/members/revoke-persona-bindings.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { abandonRollouts } from '#lib/rollouts/abandon-rollouts.ts'
import { loadDemo } from './control-demo.ts'
import { can, RemoveDemoInput } from './model.ts'
import { mergeDemo } from './queries.ts'

export type RemovedDemo = { endpoints: string[]; rollouts: number; roles: number; ingestKeys: string[]; kept: string }

const kept = 'Every audit entry and every measured figure is kept; the log says who removed the demonstration and why.'

/**
 * Removes the demonstration for good: its replay stops, its rollouts end where they stand, its endpoints are retired (traffic
 * and servers go), its ingest keys are revoked, and the personas lose their roles in the workspace, so that it leaves their
 * list. Nothing that was recorded is deleted.
 * @throws `not-found` where there is no demonstration, `conflict` when it was removed already
 */
export async function removeDemo(ctx: Ctx, input: RemoveDemoInput): Promise<RemovedDemo> {
  const { reason } = parseInput(RemoveDemoInput, input)
  return mutate(ctx, { action: 'demo:control', load: (tx) => loadDemo(tx, ctx.workspaceId) }, async (tx, demo) => {
    const may = can.remove(demo.state)
    if (!may.allowed) throw problem('conflict', `Not removed: ${may.because}.`)
    const now = ctx.clock.now()
    const { workspaceId } = demo
    const rollouts = (await abandonRollouts(tx, workspaceId, now)).length
    const because = 'Retired with the demonstration.'
    const endpoints = await retireEndpoints(tx, workspaceId, { because, now })
    const roles = await revokePersonaBindings(tx, workspaceId, now)
    const ingestKeys = await revokeIngestKeysOf(tx, workspaceId, now)
    const removed = { at: now.toISOString(), by: ctx.actor.name, reason }
    await mergeDemo(tx, workspaceId, { removed, drill: null }, now)
    const value = { endpoints, rollouts, roles, ingestKeys, kept }
    const before = { phase: demo.state.phase, positionMs: demo.state.positionMs }
    return { value, audit: { before, after: { removed: true, ...value }, because: reason }, wake: ['endpoints'] }
  })
}
