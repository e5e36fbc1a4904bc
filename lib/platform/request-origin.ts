import { isIP } from 'node:net'
import type { Config } from './config.ts'
import { problem } from './errors.ts'

type Served = Pick<Config, 'origin' | 'host'>
type Sent = { origin: string | null | undefined; site: string | null | undefined }

const loopbackNames = new Set(['localhost', '127.0.0.1', '::1'])

/**
 * Refuses a Host that is not ours: a page whose name was rebound to our address (DNS rebinding) still sends its own name.
 * Ours are the origin's host and, when we serve on a loopback address, the loopback names. An address instead of a name
 * cannot have been rebound; probes and scrapers come by address, so `byAddress` lets those in.
 * @throws `forbidden`
 */
export function checkHost(served: Served, host: string | null | undefined, byAddress = false): void {
  const name = hostNameOf(host)
  const own = new URL(served.origin)
  if (name !== undefined) {
    if (host === own.host) return
    if (loopbackNames.has(name) && (loopbackNames.has(served.host) || isLoopbackHost(own.host))) return
    if (byAddress && isIP(name) !== 0) return
  }
  throw problem('forbidden', `This server does not answer to that host name: use ${own.origin}.`)
}

/**
 * For the API: refuses what a browser sends on behalf of another site. Other ports of this machine are the same site to a
 * browser, so same-site is refused too. Programs send none of these headers.
 * @throws `forbidden`
 */
export function checkSite(served: Served, { origin, site }: Sent): void {
  const foreignSite = site === 'cross-site' || site === 'same-site'
  const foreignOrigin = origin !== undefined && origin !== null && origin !== new URL(served.origin).origin
  if (foreignSite || foreignOrigin)
    throw problem('forbidden', 'Pages of other sites may not call this API: call it from a program, with a token.')
}

/**
 * For forms of the console, which carry a cookie: Origin must be there and be the very origin of the request, and the
 * browser must not say that it was of another site. Other ports of a loopback address count as the same site, so SameSite
 * cookies do not help there.
 * @throws `forbidden`
 */
export function checkSameOrigin(served: Served, host: string | null | undefined, { origin, site }: Sent): void {
  checkHost(served, host)
  const sameSite = site === undefined || site === null || site === 'same-origin'
  const sameOrigin = origin !== undefined && origin !== null && URL.canParse(origin) && new URL(origin).host === host
  if (sameSite && sameOrigin) return
  throw problem('forbidden', 'This was sent by another page. Open the console and do it there.')
}

/** True when a Host header names this machine itself. */
export function isLoopbackHost(host: string | undefined): boolean {
  return loopbackNames.has(hostNameOf(host) ?? '')
}

// Without the port; an IPv6 address without its brackets. Undefined for what is no host at all.
function hostNameOf(host: string | null | undefined): string | undefined {
  if (typeof host !== 'string' || !/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?$/.test(host)) return undefined
  return host
    .replace(/:\d{1,5}$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase()
}
