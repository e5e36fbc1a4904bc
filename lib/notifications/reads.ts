import { authorizeRead } from '#lib/access/authorize.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { decodeCursor, pageOf, type Page } from '#lib/platform/page.ts'
import {
  kinds,
  type AttemptView,
  type ChannelView,
  type DeliveryState,
  type DeliveryView,
  type NotificationKind,
  type NotificationView,
  type PreferenceView,
} from './model.ts'
import { countUnreadRows, selectChannels, selectInbox, selectPreference } from './queries.ts'
import { selectAttempts, selectDeliveries, selectDelivery, type DeliveryRow } from './queries-deliveries.ts'
import { viewOfChannel } from './view-of-channel.ts'
import { whyNoMail } from './why-no-mail.ts'

/** What the caller was told here, newest first. */
export async function listInbox(
  ctx: Ctx,
  input: { limit?: number; cursor?: string | undefined; unread?: boolean | undefined } = {},
): Promise<Page<NotificationView>> {
  await authorizeRead(ctx, 'workspace:read')
  const limit = input.limit ?? 50
  const rows = await selectInbox(ctx.db, {
    workspaceId: ctx.workspaceId,
    identityId: ctx.actorId,
    before: decodeCursor(input.cursor),
    limit: limit + 1,
    unread: input.unread === true,
  })
  const views = rows.map(({ kind, resourceKind, resourceId, ...row }) => ({
    ...row,
    kind: kind as NotificationKind,
    resource: { kind: resourceKind, id: resourceId },
  }))
  return pageOf(views, limit, (n) => n.id)
}

/** How many the caller has not read; 100 stands for 100 and more. */
export async function countUnread(ctx: Ctx): Promise<number> {
  await authorizeRead(ctx, 'workspace:read')
  return countUnreadRows(ctx.db, ctx.workspaceId, ctx.actorId)
}

/** What the caller chose to be told of, where and when. */
export async function readPreference(ctx: Ctx): Promise<PreferenceView> {
  await authorizeRead(ctx, 'workspace:read')
  const [row, channels] = await Promise.all([
    selectPreference(ctx.db, ctx.workspaceId, ctx.actorId),
    selectChannels(ctx.db, ctx.workspaceId),
  ])
  return {
    ...row,
    inboxKinds: known(row.inboxKinds),
    emailKinds: known(row.emailKinds),
    emailBecause: whyNoMail(channels, row.email)?.because ?? null,
  }
}

/** The channels of the workspace, without their secrets. */
export async function listChannels(ctx: Ctx): Promise<ChannelView[]> {
  await authorizeRead(ctx, 'channel:read')
  return (await selectChannels(ctx.db, ctx.workspaceId)).map(viewOfChannel)
}

/** What was sent out or waits to be, newest first. */
export async function listDeliveries(
  ctx: Ctx,
  input: { limit?: number; cursor?: string | undefined; state?: DeliveryState | undefined } = {},
): Promise<Page<DeliveryView>> {
  await authorizeRead(ctx, 'channel:read')
  const limit = input.limit ?? 50
  const before = decodeCursor(input.cursor)
  const { workspaceId } = ctx
  const rows = await selectDeliveries(ctx.db, { workspaceId, before, limit: limit + 1, state: input.state })
  return pageOf(rows.map(toView), limit, (d) => d.id)
}

/** A delivery with every attempt that was made. */
export async function readDelivery(ctx: Ctx, id: string): Promise<DeliveryView & { log: AttemptView[] }> {
  const row = await selectDelivery(ctx.db, id)
  if (row?.workspaceId !== ctx.workspaceId) throw problem('not-found', 'There is no such delivery in this workspace.')
  await authorizeRead(ctx, 'channel:read')
  return { ...toView(row), log: await selectAttempts(ctx.db, id) }
}

function known(names: readonly string[]): NotificationKind[] {
  return kinds.filter((kind) => names.includes(kind))
}

function toView(row: DeliveryRow): DeliveryView {
  const { id, channelId, channelKind, channelName, identityId, identityName, form, state, because } = row
  return {
    id,
    channel: { id: channelId, kind: channelKind, name: channelName },
    form,
    recipient: identityId === null ? null : { id: identityId, name: identityName ?? '' },
    state,
    because,
    attempts: Number(row.attempts ?? 0n),
    items: Number(row.items ?? 0n),
    createdAt: row.createdAt,
    dueAt: state === 'waiting' ? row.dueAt : null,
    endedAt: row.endedAt,
  }
}
