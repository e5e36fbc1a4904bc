/** How a mail server is reached. `starttls` and `tls` verify its certificate; `none` is for a relay on a trusted network. */
export type SmtpServer = {
  host: string
  port: number
  security: 'starttls' | 'tls' | 'none'
  user?: string
  password?: string
}

export type EmailChannel = { kind: 'email'; server: SmtpServer; from: string; to: string }
/** `secret` is that of Standard Webhooks: `whsec_` and base64. */
export type WebhookChannel = { kind: 'webhook'; url: string; secret: string }
export type NotifierChannel = EmailChannel | WebhookChannel

export type NotifierMessage = {
  /** The same at every attempt, so that a receiver can tell a repetition: Message-ID of a mail, `webhook-id` of a webhook. */
  id: string
  /** When it happened, not when it is sent. */
  at: Date
  /** A word for machines, such as `approval-waiting`. */
  type: string
  subject: string
  /** Plain text. */
  text: string
  /** The page of the console where it is answered. */
  url: string
  /** Where whoever receives it changes what they receive. */
  settingsUrl: string
  /** More for machines: webhooks carry it, mails do not. */
  data?: Readonly<Record<string, unknown>>
}

/**
 * Accepted: the receiver has taken it over. Refused for good: sending it again as it is would be refused again. Refused
 * otherwise: it did not arrive, or it is not known whether it did (the connection broke before the answer); it may be sent
 * again with the same id.
 */
export type NotifierOutcome =
  | { outcome: 'accepted'; providerId: string | null }
  | { outcome: 'refused'; permanent: boolean; because: string }

/** Sends one message by one channel, once, within its own time limit. Never throws for what the outside does. */
export type NotifierPort<C extends NotifierChannel = NotifierChannel> = {
  deliver(channel: C, message: NotifierMessage): Promise<NotifierOutcome>
}
