import { z } from 'zod'

/** What people are told of, in the order in which settings show it. */
export const kinds = [
  'approval-waiting',
  'approval-decided',
  'approval-ended',
  'approval-expiring',
  'break-glass',
] as const
export type NotificationKind = (typeof kinds)[number]

export const kindWords: Record<NotificationKind, { title: string; who: string }> = {
  'approval-waiting': { title: 'Waits for my decision', who: 'those who may decide on it now' },
  'approval-decided': { title: 'Approved or rejected', who: 'whoever asked for it' },
  'approval-ended': { title: 'Revoked, expired or superseded', who: 'whoever asked for it' },
  'approval-expiring': { title: 'An approval ends soon', who: 'whoever asked for it, three days before' },
  'break-glass': { title: 'Break-glass was used', who: 'admins' },
}

export const timings = ['at-once', 'hourly', 'daily'] as const
export type Timing = (typeof timings)[number]

/** Reminders come this long before an approval ends. */
export const reminderMs = 3 * 86_400_000
/** Attempts of one delivery; with pauses from 30 s to 1 h the last comes about six hours after the first. */
export const attemptsMax = 12

const kindList = z.array(z.enum(kinds)).max(kinds.length)
// The addr-spec of RFC 5321 without quoted parts and address literals, which no company's mailboxes use.
const mailbox = z
  .string()
  .max(254)
  .regex(
    /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9-]{1,63})+$/,
    {
      error: 'must be a mail address such as priya@example.com',
    },
  )
const domain = z
  .string()
  .max(253)
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9-]{1,63})+$/, {
    error: 'must be a domain such as example.com',
  })
const timeZone = z.string().max(64).refine(isTimeZone, { error: 'must be an IANA time zone such as Europe/Berlin' })

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

export const SetPreferenceInput = z.strictObject({
  inboxKinds: kindList,
  email: mailbox.nullable(),
  emailKinds: kindList,
  timing: z.enum(timings),
  timeZone,
  digestHour: z.number().int().min(0).max(23),
  /** Mails wait for nobody until then; the inbox goes on. */
  mutedUntil: z.date().nullable(),
})
export type SetPreferenceInput = z.input<typeof SetPreferenceInput>

/** The mail server of a workspace. Mail goes to these domains and to no others. */
export const MailConfig = z.strictObject({
  host: z
    .string()
    .min(1)
    .max(253)
    .regex(/^[A-Za-z0-9.:-]+$/, { error: 'must be a host name or an address' }),
  port: z.number().int().min(1).max(65_535),
  security: z.enum(['starttls', 'tls', 'none']),
  user: z.string().min(1).max(200).optional(),
  from: mailbox,
  recipientDomains: z.array(domain).min(1).max(50),
})
export const WebhookConfig = z.strictObject({
  url: z
    .string()
    .max(2_000)
    .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), { error: 'must be an https URL' })
    .refine((text) => !URL.canParse(text) || new URL(text).username + new URL(text).password === '', {
      error: 'must hold no user name and no password',
    }),
})
export type MailConfig = z.output<typeof MailConfig>
export type WebhookConfig = z.output<typeof WebhookConfig>

const name = z.string().trim().min(1).max(80)
export const CreateChannelInput = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('email'),
    name,
    config: MailConfig,
    /** The password for the mail server; sealed, and never shown again. */
    password: z.string().min(1).max(500).optional(),
  }),
  z.strictObject({ kind: z.literal('webhook'), name, config: WebhookConfig, kinds: kindList.min(1) }),
])
export type CreateChannelInput = z.input<typeof CreateChannelInput>

export const RemoveChannelInput = z.strictObject({
  channelId: z.string().startsWith('nc_'),
  reason: z.string().trim().min(3).max(2000),
})
export type RemoveChannelInput = z.input<typeof RemoveChannelInput>
export const TestChannelInput = z.strictObject({ channelId: z.string().startsWith('nc_') })
export type TestChannelInput = z.input<typeof TestChannelInput>
export const RetryDeliveryInput = z.strictObject({
  deliveryId: z.string().startsWith('nd_'),
  reason: z.string().trim().min(3).max(2000),
})
export type RetryDeliveryInput = z.input<typeof RetryDeliveryInput>

export type ChannelView = {
  id: string
  kind: 'email' | 'webhook'
  name: string
  /** Where it leads: the mail server and the sender, or the webhook's host. No secret. */
  address: string
  recipientDomains: string[]
  kinds: string[]
  hasSecret: boolean
  createdAt: Date
}

export type PreferenceView = {
  inboxKinds: NotificationKind[]
  email: string | null
  emailKinds: NotificationKind[]
  timing: Timing
  timeZone: string
  digestHour: number
  mutedUntil: Date | null
  /** What mail needs that is not there, or null: no mail server, or a domain that it does not serve. */
  emailBecause: string | null
}

/** What holds until somebody says otherwise: everything in the inbox, no mail. */
export const defaultPreference = {
  inboxKinds: [...kinds],
  email: null,
  emailKinds: [],
  timing: 'at-once',
  timeZone: 'UTC',
  digestHour: 8,
  mutedUntil: null,
} as const satisfies Record<string, unknown>

export type NotificationView = {
  id: string
  kind: NotificationKind
  title: string
  text: string
  resource: { kind: string; id: string }
  at: Date
  readAt: Date | null
}

export const deliveryStates = ['waiting', 'delivered', 'dropped', 'dead'] as const
export type DeliveryState = (typeof deliveryStates)[number]

export type DeliveryView = {
  id: string
  channel: { id: string; kind: 'email' | 'webhook'; name: string }
  form: 'at-once' | 'digest' | 'webhook' | 'test'
  recipient: { id: string; name: string } | null
  state: DeliveryState
  because: string
  attempts: number
  items: number
  createdAt: Date
  dueAt: Date | null
  endedAt: Date | null
}

export type AttemptView = {
  attempt: number
  at: Date
  outcome: 'accepted' | 'refused'
  permanent: boolean
  because: string | null
  providerId: string | null
  durationMs: number
}

export const can = {
  retry: (delivery: { state: DeliveryState }): { allowed: true } | { allowed: false; because: string } =>
    delivery.state === 'dead'
      ? { allowed: true }
      : { allowed: false, because: `the delivery is ${delivery.state}: only one that was given up is tried again` },
}
