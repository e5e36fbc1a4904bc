'use server'
import { cookies } from 'next/headers'
import { redirect } from 'next/navigation'
import { sessionSeconds, signInAsPersona } from '#lib/members/sign-in-as-persona.ts'
import { signOut } from '#lib/members/sign-out.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { checkOwnPage, field } from '../_server/act.ts'
import { currentIdentity, sessionCookie, workspaceCookie } from '../_server/session.ts'
import { webSystem } from '../_server/system.ts'
import { newRequestId } from '#lib/platform/call.ts'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import { paths, withQuery } from '../paths.ts'

/** Signs a persona in and leads to Home. The cookie is an opaque id that no script can read. */
export async function signInAs(form: FormData): Promise<void> {
  const system = await webSystem()
  let failed: string | undefined
  try {
    await checkOwnPage(system.config)
    const { cookie } = await signInAsPersona(system, field(form, 'persona'))
    const jar = await cookies()
    jar.set(sessionCookie(system), cookie, {
      httpOnly: true,
      sameSite: 'lax',
      secure: system.config.origin.startsWith('https:'),
      path: '/',
      maxAge: sessionSeconds,
    })
    jar.delete(workspaceCookie)
  } catch (error) {
    if (!isProblem(error)) throw error
    failed = error.code
  }
  redirect(failed === undefined ? paths.home() : withQuery(paths.signIn(), { failed }))
}

/** Ends the session in the database, so that a copy of the cookie is worth nothing, and forgets the cookie. */
export async function endSession(): Promise<void> {
  const system = await webSystem()
  await checkOwnPage(system.config)
  const jar = await cookies()
  const name = sessionCookie(system)
  const [cookie, who] = [jar.get(name)?.value, await currentIdentity()]
  if (who && cookie !== undefined) {
    await signOut({ ...system, ...who, workspaceId: rootWorkspaceId, requestId: newRequestId(system) }, cookie)
  }
  jar.delete(name)
  jar.delete(workspaceCookie)
  redirect(paths.signIn())
}
