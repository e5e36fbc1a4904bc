import { cookies, headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { cache } from 'react'
import { homeOf } from '#lib/members/model.ts'
import { resumeSession } from '#lib/members/resume-session.ts'
import { workspacesOf, type WorkspaceView } from '#lib/members/reads.ts'
import { newRequestId } from '#lib/platform/call.ts'
import type { Ctx, System } from '#lib/platform/context.ts'
import { checkHost } from '#lib/platform/request-origin.ts'
import { paths } from '../paths.ts'
import { webSystem } from './system.ts'

export const workspaceCookie = 'workspace'
const requestIdForm = /^[A-Za-z0-9._-]{8,80}$/

export type Session = { ctx: Ctx; workspace: WorkspaceView; workspaces: WorkspaceView[] }

/** `__Host-` binds a cookie to this very host over HTTPS; on plain HTTP (loopback) browsers refuse that prefix. */
export function sessionCookie(system: Pick<System, 'config'>): string {
  return system.config.origin.startsWith('https:') ? '__Host-quarterdeck-session' : 'quarterdeck-session'
}

/** Who asks, whether or not they have a role in any workspace; asked once a request. */
export const currentIdentity = cache(async (): Promise<Pick<Ctx, 'actor' | 'actorId'> | undefined> => {
  const system = await webSystem()
  const [jar, head] = await Promise.all([cookies(), headers()])
  checkHost(system.config, head.get('host'))
  const cookie = jar.get(sessionCookie(system))?.value
  return cookie === undefined ? undefined : resumeSession(system, cookie)
})

/** Who asks, in which workspace. Undefined: nobody, or somebody without a role in any workspace. */
export const currentSession = cache(async (): Promise<Session | undefined> => {
  const [system, who] = await Promise.all([webSystem(), currentIdentity()])
  if (!who) return undefined
  const [jar, head] = await Promise.all([cookies(), headers()])
  const workspaces = await workspacesOf(system, who.actorId)
  const wanted = jar.get(workspaceCookie)?.value
  const workspace = workspaces.find((w) => w.name === wanted) ?? homeOf(workspaces)
  if (!workspace) return undefined
  const asked = head.get('x-request-id')
  const requestId = asked !== null && requestIdForm.test(asked) ? asked : newRequestId(system)
  return { ctx: { ...system, ...who, workspaceId: workspace.id, requestId }, workspace, workspaces }
})

/** The same for a page that needs somebody: without a session it leads to the sign-in page, which says what is missing. */
export async function requireSession(): Promise<Session> {
  const session = await currentSession()
  if (!session) redirect(paths.signIn())
  return session
}

/** The context of the caller, for pages and their panels. */
export async function requireCtx(): Promise<Ctx> {
  return (await requireSession()).ctx
}
