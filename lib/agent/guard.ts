import { createHash, timingSafeEqual } from 'node:crypto'

/** True when the header is `Bearer <token>`. Digests are compared, so the time tells neither content nor length. */
export function holdsToken(authorization: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? ''
  return timingSafeEqual(digest(given), digest(token))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
