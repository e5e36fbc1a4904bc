import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { ForgeKind } from './model.ts'

export type DeliveryHeaders = Readonly<Record<string, string | undefined>>
export type Verified = { ok: true; deliveryId: string } | { ok: false; because: string }

/** Both forges give up a delivery after seconds; their clocks and ours differ by a little. */
const ageSecondsMax = 300
const deliveryIdShape = /^[\w-]{8,100}$/

/**
 * Whether a delivery comes from the forge that has the secret, over the bytes as they came and in constant time.
 * GitHub: `X-Hub-Signature-256: sha256=` and the hex HMAC-SHA256 of the body ("Validating webhook deliveries"). GitLab: a
 * signature as in the Standard Webhooks specification where a signing token is set (`webhook-id.webhook-timestamp.body`,
 * at most five minutes old), which then alone counts; else `X-Gitlab-Token`, the secret itself.
 */
export function verifyDelivery(
  kind: ForgeKind,
  secret: string,
  headers: DeliveryHeaders,
  body: Uint8Array,
  now: Date,
): Verified {
  if (kind === 'github') return verifyGithub(secret, headers, body)
  return headers['webhook-signature'] === undefined
    ? verifyGitlabToken(secret, headers)
    : verifyStandard(secret, headers, body, now)
}

function verifyGithub(secret: string, headers: DeliveryHeaders, body: Uint8Array): Verified {
  const given = /^sha256=([0-9a-f]{64})$/.exec(headers['x-hub-signature-256'] ?? '')?.[1]
  const wanted = createHmac('sha256', secret).update(body).digest()
  if (!isSame(Buffer.from(given ?? '', 'hex'), wanted)) return forged
  return identified(headers['x-github-delivery'])
}

function verifyGitlabToken(secret: string, headers: DeliveryHeaders): Verified {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  if (!isSame(digest(headers['x-gitlab-token'] ?? ''), digest(secret))) return forged
  return identified(headers['idempotency-key'] ?? headers['x-gitlab-event-uuid'])
}

function verifyStandard(secret: string, headers: DeliveryHeaders, body: Uint8Array, now: Date): Verified {
  const id = headers['webhook-id'] ?? ''
  const timestamp = headers['webhook-timestamp'] ?? ''
  if (!/^\d{1,12}$/.test(timestamp)) return { ok: false, because: 'the timestamp is no number of seconds' }
  if (Math.abs(now.getTime() / 1000 - Number(timestamp)) > ageSecondsMax)
    return { ok: false, because: 'the timestamp is too far from now' }
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : secret
  const wanted = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
  const given = (headers['webhook-signature'] ?? '')
    .split(' ', 10)
    .map((each) => /^v1,([A-Za-z0-9+/]{43}=)$/.exec(each)?.[1])
  if (!given.some((each) => isSame(Buffer.from(each ?? '', 'base64'), wanted))) return forged
  return identified(id)
}

const forged: Verified = { ok: false, because: 'it is not signed by the secret of this connection' }

function identified(id: string | undefined): Verified {
  return id !== undefined && deliveryIdShape.test(id)
    ? { ok: true, deliveryId: id }
    : { ok: false, because: 'it has no id of a delivery' }
}

function isSame(given: Buffer, wanted: Buffer): boolean {
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}
