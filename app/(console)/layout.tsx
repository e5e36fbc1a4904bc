import type { ReactNode } from 'react'
import { environmentsFor, roster } from '../_server/may.ts'
import { requireSession } from '../_server/session.ts'
import { paths, withQuery } from '../paths.ts'
import { Button } from '../_ui/button.tsx'
import { Icon } from '../_ui/icon.tsx'
import { Live } from '../_ui/live/live.tsx'
import { WorkspaceSwitcher } from '../_ui/shell/workspace-switcher.tsx'
import { Shell } from '../_ui/shell/shell.tsx'
import { endSession } from '../sign-in/actions.ts'
import { DemoBadge } from './_demo/demo-badge.tsx'
import { countWaiting } from './_home/needs.ts'
import { Bell } from './inbox/bell.tsx'
import { switchWorkspace } from './actions.ts'

// Everything depends on who asks and on the present state: nothing here is ever prerendered.
export const dynamic = 'force-dynamic'

export default async function ConsoleLayout({ children }: { children: ReactNode }) {
  const session = await requireSession()
  const { ctx, workspace, workspaces } = session
  const [counts, members, environments] = await Promise.all([countWaiting(ctx), roster(), environmentsFor(ctx)])
  const roles = [...new Set(members.filter((m) => m.identityId === ctx.actorId).map((m) => m.role))]
  return (
    <Shell
      bell={<Bell ctx={ctx} />}
      live={<Live url={paths.liveStream()} />}
      demo={workspace.demo && <DemoBadge ctx={ctx} />}
      counts={counts}
      user={{ name: ctx.actor.name, role: roles.join(', ') || 'no role', signOut: <SignOut /> }}
      workspace={
        <WorkspaceSwitcher
          workspaces={workspaces.map((w) => ({ id: w.id, label: w.title, current: w.id === workspace.id }))}
          switchTo={switchWorkspace}
          environments={environments.map((e) => ({
            id: e.id,
            label: e.name,
            href: withQuery(paths.endpoints(), { environment: e.name }),
            production: e.protected,
          }))}
        />
      }
    >
      {children}
    </Shell>
  )
}

function SignOut() {
  return (
    <form action={endSession}>
      <Button type="submit" kind="quiet" aria-label="Sign out" title="Sign out">
        <Icon name="leave" size={14} />
      </Button>
    </form>
  )
}
