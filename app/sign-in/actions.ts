'use server'
import { cookies } from 'next/headers'
import { redirect } from 'next/navigation'
import { signInAsPersona } from '#lib/members/sign-in-as-persona.ts'
import { signOut } from '#lib/members/sign-out.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { checkOwnPage, field } from '../_server/act.ts'
import { currentIdentity, sessionCookie, workspaceCookie } from '../_server/session.ts'
import { webSystem } from '../_server/system.ts'
import { newRequestId } from '#lib/platform/call.ts'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import { paths, withQuery } from '../paths.ts'
import { sessionCookieOptions } from './cookies.ts'

/** Signs a persona in and leads to Home. The cookie is an opaque id that no script can read. */
export async function signInAs(form: FormData): Promise<void> {
  const system = await webSystem()
  let failed: string | undefined
  try {
    await checkOwnPage(system.config)
    const { cookie } = await signInAsPersona(system, field(form, 'persona'))
    const jar = await cookies()
    jar.set(sessionCookie(system), cookie, sessionCookieOptions(system.config))
    jar.delete(workspaceCookie)
  } catch (error) {
    if (!isProblem(error)) throw error
    failed = error.code
  }
  redirect(failed === undefined ? paths.home() : withQuery(paths.signIn(), { failed }))
}

/**
 * Ends the session in the database, so that a copy of the cookie is worth nothing, forgets the cookie, and leads to the
 * identity provider's sign-out where it offers one.
 */
export async function endSession(): Promise<void> {
  const system = await webSystem()
  await checkOwnPage(system.config)
  const jar = await cookies()
  const name = sessionCookie(system)
  const [cookie, who] = [jar.get(name)?.value, await currentIdentity()]
  const elsewhere =
    who && cookie !== undefined
      ? await signOut({ ...system, ...who, workspaceId: rootWorkspaceId, requestId: newRequestId(system) }, cookie)
      : undefined
  jar.delete(name)
  jar.delete(workspaceCookie)
  redirect(elsewhere ?? paths.signIn())
}
