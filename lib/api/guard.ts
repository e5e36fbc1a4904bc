import { isIP } from 'node:net'
import type { Config } from '#lib/platform/config.ts'
import { problem } from '#lib/platform/errors.ts'

const loopbackNames = new Set(['localhost', '127.0.0.1', '::1'])

/**
 * Refuses a Host that is not ours: a page whose name was rebound to our address (DNS rebinding) still sends its own name.
 * Ours are the origin's host and, when bound to loopback, the loopback names. An address instead of a name cannot have
 * been rebound; probes and scrapers come by address, so `byAddress` lets those in.
 * @throws `forbidden`
 */
export function checkHost(config: Pick<Config, 'origin' | 'host'>, host: string | undefined, byAddress: boolean): void {
  const name = hostNameOf(host)
  const own = new URL(config.origin)
  if (name !== undefined) {
    if (host === own.host) return
    if (loopbackNames.has(config.host) && loopbackNames.has(name)) return
    if (byAddress && isIP(name) !== 0) return
  }
  throw problem('forbidden', `This server does not answer to that host name: use ${own.origin}.`)
}

/**
 * Refuses what a browser sends on behalf of another site. Other ports of this machine are the same site to a browser,
 * so same-site is refused too. Programs send none of these headers.
 * @throws `forbidden`
 */
export function checkSite(
  config: Pick<Config, 'origin'>,
  headers: { site: string | undefined; origin: string | undefined },
): void {
  const foreignSite = headers.site === 'cross-site' || headers.site === 'same-site'
  const foreignOrigin = headers.origin !== undefined && headers.origin !== new URL(config.origin).origin
  if (foreignSite || foreignOrigin)
    throw problem('forbidden', 'Pages of other sites may not call this API: call it from a program, with a token.')
}

// Without the port; an IPv6 address without its brackets. Undefined for what is no host at all.
function hostNameOf(host: string | undefined): string | undefined {
  if (host === undefined || !/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?$/.test(host)) return undefined
  return host
    .replace(/:\d{1,5}$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase()
}
