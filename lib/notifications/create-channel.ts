import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { whyNotReachable } from '#lib/platform/outside-address.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { seal } from '#lib/platform/seal.ts'
import { CreateChannelInput, type ChannelView } from './model.ts'
import { insertChannel } from './queries.ts'
import { viewOfChannel } from './view-of-channel.ts'

/**
 * Makes the mail server of the workspace or a webhook. The secret that a webhook's messages are signed with is made here,
 * returned once and kept sealed, as a mail server's password is.
 * @throws `conflict` when there is a mail server already, `invalid` for an address that would never be reached
 */
export async function createChannel(
  ctx: Ctx,
  input: CreateChannelInput,
): Promise<ChannelView & { secret: string | null }> {
  const fields = parseInput(CreateChannelInput, input)
  if (fields.kind === 'webhook') checkReachable(ctx, fields.config.url)
  const here = { kind: 'workspace', id: ctx.workspaceId, workspaceId: ctx.workspaceId }
  // Made outside the transaction's value, which an idempotency key would store.
  const made = fields.kind === 'webhook' ? `whsec_${randomBytes(32).toString('base64')}` : null
  const kept = made ?? (fields.kind === 'email' ? fields.password : undefined)
  const view = await mutate(
    ctx,
    { action: 'channel:create', load: () => Promise.resolve({ subject: here, resource: here }) },
    async (tx) => {
      const now = ctx.clock.now()
      const id = newId('notificationChannel', now)
      const row = {
        id,
        workspaceId: ctx.workspaceId,
        kind: fields.kind,
        name: fields.name,
        config: fields.config,
        sealedSecret: kept === undefined ? null : seal(ctx.secrets, id, kept),
        kinds: fields.kind === 'webhook' ? fields.kinds : [],
        createdAt: now,
        removedAt: null,
      }
      if (!(await insertChannel(tx, { ...row, createdBy: ctx.actorId })))
        throw problem('conflict', 'The workspace has a mail server already. Remove it first.')
      const value = viewOfChannel(row)
      const { name, kind, address, recipientDomains, kinds } = value
      return {
        value,
        audit: {
          resource: { kind: 'channel', id, name },
          after: { kind, name, address, recipientDomains, kinds },
          because: 'A channel was added.',
        },
      }
    },
  )
  return { ...view, secret: made }
}

// What is judged again, with every address behind a name, at each delivery.
function checkReachable(ctx: Ctx, text: string): void {
  const { protocol, hostname } = new URL(text)
  const host = hostname.replaceAll(/^\[|\]$/g, '')
  const rules = { loopback: ctx.config.personas, allow: ctx.config.notifyAllow }
  const isLocal = ctx.config.personas || ctx.config.notifyAllow.includes(host)
  const because =
    (isIP(host) === 0 ? undefined : whyNotReachable(rules, host, host)) ??
    (protocol === 'https:' || isLocal ? undefined : 'must be an https URL, so that nobody on the way reads it')
  if (because !== undefined)
    throw problem('invalid', `config.url: ${because}`, { errors: [{ path: 'config.url', message: because }] })
}
