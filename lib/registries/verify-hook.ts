import { createHmac, timingSafeEqual } from 'node:crypto'

export type HookHeaders = { id: string | undefined; timestamp: string | undefined; signature: string | undefined }

/** MLflow sends a failed delivery again for about ten seconds, with the same timestamp; clocks differ by a little. */
const ageSecondsMax = 300

/**
 * Whether a delivery comes from the MLflow that has the secret: `v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`,
 * over the bytes as they came (mlflow/webhooks/delivery.py, 3.17). Compared in constant time; a timestamp further than
 * five minutes from now is refused, so that what was once overheard is worth little.
 */
export function verifyHook(
  secret: string,
  headers: HookHeaders,
  body: Uint8Array,
  now: Date,
): { ok: true } | { ok: false; because: string } {
  const { id, timestamp, signature } = headers
  if (!id || !timestamp || !signature) return { ok: false, because: 'a header of the signature is missing' }
  if (!/^\d{1,12}$/.test(timestamp)) return { ok: false, because: 'the timestamp is no number of seconds' }
  const apart = Math.abs(now.getTime() / 1000 - Number(timestamp))
  if (apart > ageSecondsMax) return { ok: false, because: 'the timestamp is too far from now' }
  const wanted = createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest()
  const given = /^v1,([A-Za-z0-9+/]{43}=)$/.exec(signature)?.[1]
  const bytes = Buffer.from(given ?? '', 'base64')
  if (bytes.length !== wanted.length || !timingSafeEqual(bytes, wanted)) {
    return { ok: false, because: 'the signature is not that of this delivery' }
  }
  return { ok: true }
}
