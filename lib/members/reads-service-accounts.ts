import { authorizeRead } from '#lib/access/authorize.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import type { ServiceAccountView, ServiceTokenView } from './model-service-accounts.ts'
import { selectServiceAccounts, selectServiceTokens } from './queries-service-accounts.ts'

/** The service accounts of the workspace, by name, at most 500. */
export async function listServiceAccounts(ctx: Ctx): Promise<ServiceAccountView[]> {
  await authorizeRead(ctx, 'service-account:read')
  const rows = await selectServiceAccounts(ctx.db, ctx.workspaceId, ctx.clock.now())
  return rows.map(({ creatorId, creatorName, liveTokens, ...row }) => ({
    ...row,
    createdBy: { id: creatorId, name: creatorName },
    liveTokens: liveTokens ?? 0,
  }))
}

/** The newest hundred tokens of an account, without their text, which is kept nowhere. @throws `not-found` */
export async function listServiceTokens(ctx: Ctx, accountId: string): Promise<ServiceTokenView[]> {
  const accounts = await listServiceAccounts(ctx)
  if (!accounts.some((a) => a.id === accountId))
    throw problem('not-found', 'There is no such service account in this workspace.')
  const rows = await selectServiceTokens(ctx.db, ctx.workspaceId, accountId)
  return rows.map(({ issuerId, issuerName, ...row }) => ({
    ...row,
    issuedBy: issuerId === null || issuerName === null ? null : { id: issuerId, name: issuerName },
  }))
}
