import { cookies, headers } from 'next/headers'
import { NextResponse } from 'next/server'
import { finishSignIn } from '#lib/members/finish-sign-in.ts'
import { newRequestId } from '#lib/platform/call.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { checkHost } from '#lib/platform/request-origin.ts'
import { sessionCookie } from '../../_server/session.ts'
import { webSystem } from '../../_server/system.ts'
import { paths, withQuery } from '../../paths.ts'
import { attemptCookie, sessionCookieOptions } from '../cookies.ts'

export const dynamic = 'force-dynamic'

/** Where identity providers send the browser back to: makes the session, or says on the sign-in page why there is none. */
export async function GET(request: Request): Promise<Response> {
  const system = await webSystem()
  const { config } = system
  const attempt = attemptCookie(config)
  const answerTo = (path: string) => {
    const answer = NextResponse.redirect(new URL(path, config.origin), 303)
    answer.cookies.set(attempt.name, '', { ...attempt.options, maxAge: 0 })
    return answer
  }
  try {
    const [jar, head] = await Promise.all([cookies(), headers()])
    checkHost(config, head.get('host'))
    const { cookie, returnTo } = await finishSignIn(system, {
      query: new URL(request.url).search.slice(1),
      stateCookie: jar.get(attempt.name)?.value,
      sessionCookie: jar.get(sessionCookie(system))?.value,
      agent: head.get('user-agent') ?? undefined,
      requestId: newRequestId(system),
    })
    const answer = answerTo(returnTo)
    answer.cookies.set(sessionCookie(system), cookie, sessionCookieOptions(config))
    return answer
  } catch (error) {
    if (!isProblem(error)) throw error
    system.log.warn({ err: error }, 'a sign-in was refused')
    return answerTo(withQuery(paths.signIn(), { failed: failureOf(error) }))
  }
}

// The page has the words; the address carries no text that a link could put there.
function failureOf(error: { code: string; details: Readonly<Record<string, unknown>> }): string {
  return typeof error.details.claim === 'string' ? 'groups' : error.code === 'forbidden' ? 'refused' : error.code
}
