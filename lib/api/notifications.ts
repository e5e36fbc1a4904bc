import { z } from '@hono/zod-openapi'
import { createChannel } from '#lib/notifications/create-channel.ts'
import { markRead, MarkReadInput } from '#lib/notifications/mark-read.ts'
import {
  CreateChannelInput,
  deliveryStates,
  kinds,
  RemoveChannelInput,
  RetryDeliveryInput,
  SetPreferenceInput,
  timings,
} from '#lib/notifications/model.ts'
import { listChannels, listDeliveries, listInbox, readDelivery, readPreference } from '#lib/notifications/reads.ts'
import { removeChannel } from '#lib/notifications/remove-channel.ts'
import { retryDelivery } from '#lib/notifications/retry-delivery.ts'
import { setPreference } from '#lib/notifications/set-preference.ts'
import { testChannel } from '#lib/notifications/test-channel.ts'
import { defineRoute, type ApiRoute } from './route.ts'
import { idParam, instant, instantOrNull, moment, pageSchema, paging, person } from './schemas.ts'

const tag = 'Notifications'
const kind = z.enum(kinds)

const Notification = z
  .object({
    id: z.string(),
    kind,
    title: z.string(),
    text: z.string(),
    resource: z.object({ kind: z.string(), id: z.string() }),
    at: instant,
    readAt: instantOrNull,
  })
  .openapi('Notification')
const Preference = z
  .object({
    inboxKinds: z.array(kind),
    email: z.string().nullable(),
    emailKinds: z.array(kind),
    timing: z.enum(timings),
    timeZone: z.string(),
    digestHour: z.number().int(),
    mutedUntil: instantOrNull,
    emailBecause: z.string().nullable().openapi({ description: 'what mail lacks, or null when nothing' }),
  })
  .openapi('NotificationPreference')
const channelFields = {
  id: z.string(),
  kind: z.enum(['email', 'webhook']),
  name: z.string(),
  address: z.string(),
  recipientDomains: z.array(z.string()),
  kinds: z.array(z.string()),
  hasSecret: z.boolean(),
  createdAt: instant,
}
const Channel = z.object(channelFields).openapi('NotificationChannel')
const deliveryFields = {
  id: z.string(),
  channel: z.object({ id: z.string(), kind: z.enum(['email', 'webhook']), name: z.string() }),
  form: z.enum(['at-once', 'digest', 'webhook', 'test']),
  recipient: z.union([person, z.null()]),
  state: z.enum(deliveryStates),
  because: z.string(),
  attempts: z.number().int(),
  items: z.number().int(),
  createdAt: instant,
  dueAt: instantOrNull,
  endedAt: instantOrNull,
}
const Delivery = z.object(deliveryFields).openapi('NotificationDelivery')
const DeliveryDetail = z
  .object({
    ...deliveryFields,
    log: z.array(
      z.object({
        attempt: z.number().int(),
        at: instant,
        outcome: z.enum(['accepted', 'refused']),
        permanent: z.boolean(),
        because: z.string().nullable(),
        providerId: z.string().nullable(),
        durationMs: z.number().int(),
      }),
    ),
  })
  .openapi('NotificationDeliveryDetail')

const channelParam = idParam('channelId', 'notificationChannel')
const deliveryParam = idParam('deliveryId', 'delivery')

const mine: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/inbox',
    operationId: 'listInbox',
    summary: 'What the caller was told, newest first',
    tag,
    action: 'workspace:read',
    query: z.strictObject({ ...paging, unread: z.literal('true').optional() }),
    status: 200,
    response: pageSchema(Notification),
    run: (ctx, { query: { unread, ...query } }) => listInbox(ctx, { ...query, unread: unread !== undefined }),
  }),
  defineRoute({
    method: 'post',
    path: '/inbox/read',
    operationId: 'markRead',
    summary: 'Mark the caller’s notifications as read or unread',
    tag,
    action: 'workspace:read',
    body: MarkReadInput,
    status: 200,
    response: z.object({ changed: z.number().int() }),
    run: (ctx, { body }) => markRead(ctx, body),
  }),
  defineRoute({
    method: 'get',
    path: '/notification-preference',
    operationId: 'readPreference',
    summary: 'What the caller is told of, where and when',
    tag,
    action: 'workspace:read',
    status: 200,
    response: Preference,
    run: (ctx) => readPreference(ctx),
  }),
  defineRoute({
    method: 'post',
    path: '/notification-preference',
    operationId: 'setPreference',
    summary: 'Choose what to be told of, where and when',
    tag,
    action: 'notification:prefer',
    body: SetPreferenceInput.extend({ mutedUntil: moment.nullable() }),
    status: 200,
    response: Preference,
    run: (ctx, { body }) => setPreference(ctx, body),
  }),
]

const ours: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/notification-channels',
    operationId: 'listChannels',
    summary: 'The workspace’s mail server and webhooks',
    description: 'All of them, on one page, without their secrets.',
    tag,
    action: 'channel:read',
    status: 200,
    response: z.object({ items: z.array(Channel), nextCursor: z.null() }),
    run: async (ctx) => ({ items: await listChannels(ctx), nextCursor: null }),
  }),
  defineRoute({
    method: 'post',
    path: '/notification-channels',
    operationId: 'createChannel',
    summary: 'Add the mail server or a webhook',
    description: 'A webhook’s signing secret (Standard Webhooks) is answered once and never again.',
    tag,
    action: 'channel:create',
    body: CreateChannelInput,
    status: 201,
    response: z.object({ ...channelFields, secret: z.string().nullable() }),
    replayable: false,
    run: (ctx, { body }) => createChannel(ctx, body),
  }),
  defineRoute({
    method: 'post',
    path: '/notification-channels/{channelId}/remove',
    operationId: 'removeChannel',
    summary: 'Remove a channel and its secret',
    tag,
    action: 'channel:remove',
    params: channelParam,
    body: RemoveChannelInput.omit({ channelId: true }),
    status: 200,
    response: z.object({ channelId: z.string() }),
    run: (ctx, { params, body }) => removeChannel(ctx, { ...params, ...body }),
  }),
  defineRoute({
    method: 'post',
    path: '/notification-channels/{channelId}/test',
    operationId: 'testChannel',
    summary: 'Send a test by a channel',
    tag,
    action: 'channel:test',
    params: channelParam,
    body: z.strictObject({}),
    status: 202,
    response: z.object({ deliveryId: z.string() }),
    run: (ctx, { params }) => testChannel(ctx, params),
  }),
  defineRoute({
    method: 'get',
    path: '/notification-deliveries',
    operationId: 'listDeliveries',
    summary: 'What was sent out or waits to be, newest first',
    tag,
    action: 'channel:read',
    query: z.strictObject({ ...paging, state: z.enum(deliveryStates).optional() }),
    status: 200,
    response: pageSchema(Delivery),
    run: (ctx, { query }) => listDeliveries(ctx, query),
  }),
  defineRoute({
    method: 'get',
    path: '/notification-deliveries/{deliveryId}',
    operationId: 'readDelivery',
    summary: 'A delivery with every attempt',
    tag,
    action: 'channel:read',
    params: deliveryParam,
    status: 200,
    response: DeliveryDetail,
    run: (ctx, { params }) => readDelivery(ctx, params.deliveryId),
  }),
  defineRoute({
    method: 'post',
    path: '/notification-deliveries/{deliveryId}/retry',
    operationId: 'retryDelivery',
    summary: 'Try a delivery again that was given up',
    tag,
    action: 'delivery:retry',
    params: deliveryParam,
    body: RetryDeliveryInput.omit({ deliveryId: true }),
    status: 202,
    response: z.object({ deliveryId: z.string() }),
    run: (ctx, { params, body }) => retryDelivery(ctx, { ...params, ...body }),
  }),
]

export const notificationRoutes: readonly ApiRoute[] = [...mine, ...ours]
