import { sessionSeconds } from '#lib/members/sign-in-as-persona.ts'
import { signInSeconds } from '#lib/members/sign-in-state.ts'
import type { Config } from '#lib/platform/config.ts'

type Cookie = { httpOnly: true; sameSite: 'lax'; secure: boolean; path: '/'; maxAge: number }

const isHttps = (config: Pick<Config, 'origin'>) => config.origin.startsWith('https:')

/** The session's cookie: an opaque id that no script reads and no other host is sent. */
export function sessionCookieOptions(config: Pick<Config, 'origin'>): Cookie {
  return { httpOnly: true, sameSite: 'lax', secure: isHttps(config), path: '/', maxAge: sessionSeconds }
}

/** The cookie in which the browser keeps a sign-in that it has begun. */
export function attemptCookie(config: Pick<Config, 'origin'>): { name: string; options: Cookie } {
  return {
    name: isHttps(config) ? '__Host-quarterdeck-sign-in' : 'quarterdeck-sign-in',
    options: { ...sessionCookieOptions(config), maxAge: signInSeconds },
  }
}
