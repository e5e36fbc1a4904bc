'use server'
import { cookies } from 'next/headers'
import { redirect } from 'next/navigation'
import { checkOwnPage, field } from '../_server/act.ts'
import { requireSession, workspaceCookie } from '../_server/session.ts'
import { paths } from '../paths.ts'

const keptSeconds = 365 * 24 * 3600

/** Moves to another workspace in which the caller has a role; any other value changes nothing. */
export async function switchWorkspace(form: FormData): Promise<void> {
  const { ctx, workspaces } = await requireSession()
  await checkOwnPage(ctx.config)
  const wanted = workspaces.find((one) => one.id === field(form, 'workspace'))
  if (wanted) {
    const jar = await cookies()
    jar.set(workspaceCookie, wanted.name, {
      httpOnly: true,
      sameSite: 'lax',
      secure: ctx.config.origin.startsWith('https:'),
      path: '/',
      maxAge: keptSeconds,
    })
  }
  redirect(paths.home())
}
