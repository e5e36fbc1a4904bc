import { cookies, headers } from 'next/headers'
import { NextResponse } from 'next/server'
import { beginSignIn } from '#lib/members/begin-sign-in.ts'
import { issuerOfSession } from '#lib/members/reads-sessions.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { checkHost } from '#lib/platform/request-origin.ts'
import { currentIdentity, sessionCookie } from '../../_server/session.ts'
import { webSystem } from '../../_server/system.ts'
import { paths, withQuery } from '../../paths.ts'
import { attemptCookie } from '../cookies.ts'

export const dynamic = 'force-dynamic'

/**
 * Leads the browser to an identity provider: `issuer` names which; with `confirm=1` it is the present person's own, who
 * must prove again who they are. `returnTo` is where they are led afterwards.
 */
export async function GET(request: Request): Promise<Response> {
  const system = await webSystem()
  const query = new URL(request.url).searchParams
  const home = (failed: string) => new URL(withQuery(paths.signIn(), { failed }), system.config.origin)
  try {
    checkHost(system.config, (await headers()).get('host'))
    const jar = await cookies()
    const who = query.get('confirm') === '1' ? await currentIdentity() : undefined
    const own = who && (await issuerOfSession(system, jar.get(sessionCookie(system))?.value))
    const { redirectTo, cookie } = await beginSignIn(system, {
      issuer: own ?? query.get('issuer') ?? '',
      returnTo: query.get('returnTo'),
      confirms: who && own !== undefined ? { identityId: who.actorId } : undefined,
    })
    const answer = NextResponse.redirect(redirectTo, 303)
    const { name, options } = attemptCookie(system.config)
    answer.cookies.set(name, cookie, options)
    return answer
  } catch (error) {
    if (!isProblem(error)) throw error
    system.log.warn({ err: error }, 'a sign-in could not be begun')
    return NextResponse.redirect(home(error.code), 303)
  }
}
