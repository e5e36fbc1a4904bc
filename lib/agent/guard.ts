import { createHash, timingSafeEqual } from 'node:crypto'

/** True when the header is `Bearer <token>`. Digests are compared, so the time tells neither content nor length. */
export function holdsToken(authorization: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? ''
  return timingSafeEqual(digest(given), digest(token))
}

const loopbackNames = new Set(['127.0.0.1', 'localhost', '[::1]'])

/**
 * True when the Host header names this machine itself. A page in a browser that reaches 127.0.0.1 by DNS rebinding
 * sends its own name instead.
 */
export function isLocalHost(host: string | undefined): boolean {
  return loopbackNames.has((host ?? '').replace(/:\d{1,5}$/, '').toLowerCase())
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
