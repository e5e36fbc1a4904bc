import type { Config } from '#lib/platform/config.ts'
import { problem } from '#lib/platform/errors.ts'

const loopbackNames = new Set(['127.0.0.1', 'localhost', '[::1]'])

type Asked = { host: string | null; origin: string | null; fetchSite: string | null }

/**
 * Refuses a request that came under a name which is not ours: another site's page whose name was made to resolve to this
 * machine (DNS rebinding) has its own name in Host. @throws `forbidden`
 */
export function checkHost(config: Pick<Config, 'origin' | 'host'>, host: string | null): void {
  const wanted = new URL(config.origin)
  const onLoopback = loopbackNames.has(wanted.hostname)
  const asked = host ?? ''
  const name = asked.replace(/:\d+$/, '')
  if (asked === wanted.host || (onLoopback && loopbackNames.has(name))) return
  throw problem(
    'forbidden',
    `This address is not served under the name ${name.slice(0, 80) || '(none)'}. Use ${config.origin}.`,
  )
}

/**
 * Refuses a write that another page sent: Origin must be the very origin of the request, and the browser must say that
 * it was of the same origin. Other ports of a loopback address count as the same site, so SameSite cookies do not help
 * there. @throws `forbidden`
 */
export function checkSameOrigin(config: Pick<Config, 'origin' | 'host'>, asked: Asked): void {
  checkHost(config, asked.host)
  const sameSite = asked.fetchSite === null || asked.fetchSite === 'same-origin'
  const sameOrigin = asked.origin !== null && URL.canParse(asked.origin) && new URL(asked.origin).host === asked.host
  if (sameSite && sameOrigin) return
  throw problem('forbidden', 'This was sent by another page. Open the console and do it there.')
}
