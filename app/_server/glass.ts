import type { BreakGlassView } from '#lib/approvals/model-break-glass.ts'
import { listBreakGlass } from '#lib/approvals/reads-break-glass.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { refusalOf } from './may.ts'

const usesMax = 20

/** Uses of break-glass for a version, newest first, reviewed or not; none for who may not read approvals. */
export async function usesOfGlass(
  ctx: Ctx,
  of: { versionId: string; environmentId?: string },
): Promise<readonly BreakGlassView[]> {
  if (await refusalOf(ctx, 'approval:read')) return []
  return (await listBreakGlass(ctx, { ...of, limit: usesMax })).items
}
