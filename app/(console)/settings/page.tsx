import type { Metadata } from 'next'
import { cookies } from 'next/headers'
import { listIssuers } from '#lib/members/reads-issuers.ts'
import { listServiceAccounts } from '#lib/members/reads-service-accounts.ts'
import { listSessions } from '#lib/members/reads-sessions.ts'
import { sessionIdOf } from '#lib/members/sign-in-as-persona.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { refusalOf } from '../../_server/may.ts'
import { requireSession, sessionCookie } from '../../_server/session.ts'
import { GovernedAction } from '../../_ui/dialog/governed-action.tsx'
import { PageHead } from '../../_ui/page-head.tsx'
import { Panel } from '../../_ui/panel.tsx'
import { Accounts } from './accounts.tsx'
import { createAccountAction, signOutEverywhereAction } from './actions.ts'
import { NewAccount } from './new-account.tsx'
import { ProviderTable } from './providers.tsx'
import { Sessions } from './sessions.tsx'

export const metadata: Metadata = { title: 'Settings' }

export default async function SettingsPage() {
  const { ctx, workspace } = await requireSession()
  const [jar, sessions] = await Promise.all([cookies(), listSessions(ctx)])
  const cookie = jar.get(sessionCookie(ctx))?.value
  return (
    <>
      <PageHead
        title="Settings"
        because={`You are ${ctx.actor.name}. Where you are signed in, and how programs and people get in here.`}
        actions={
          <GovernedAction
            refusal={null}
            opener="Sign out everywhere…"
            title="Sign out everywhere?"
            plan={[
              { what: 'Your sessions', from: `${sessions.length} open`, to: 'ended, also this one' },
              { what: 'Your tokens of our issuer', to: 'revoked' },
            ]}
            verb="Sign out everywhere"
            action={signOutEverywhereAction}
            reasonLengthMin={null}
          />
        }
      />
      <Panel title="Your sessions" aside={`${sessions.length} open`}>
        <Sessions
          sessions={sessions}
          currentId={cookie === undefined ? undefined : sessionIdOf(cookie)}
          nowMs={ctx.clock.now().getTime()}
        />
      </Panel>
      <Machines ctx={ctx} workspace={workspace.name} />
    </>
  )
}

async function Machines({ ctx, workspace }: { ctx: Ctx; workspace: string }) {
  // Who may not read them has their own sessions here and nothing else: no empty frames of what is not theirs.
  if (await refusalOf(ctx, 'service-account:read')) return null
  const [accounts, issuers, noCreate, noIssue, noDisable] = await Promise.all([
    listServiceAccounts(ctx),
    listIssuers(ctx),
    refusalOf(ctx, 'service-account:create'),
    refusalOf(ctx, 'service-account:issue-token'),
    refusalOf(ctx, 'service-account:disable'),
  ])
  return (
    <>
      <Panel title="Service accounts" aside={`${accounts.length}`}>
        <Accounts
          accounts={accounts}
          nowMs={ctx.clock.now().getTime()}
          noIssue={noIssue}
          noDisable={noDisable}
          origin={ctx.config.origin}
          workspace={workspace}
        />
        {noCreate === null && <NewAccount action={createAccountAction} />}
      </Panel>
      <Panel title="Identity providers" aside={<a href="/.well-known/jwks.json">our own keys</a>}>
        <ProviderTable issuers={issuers} />
      </Panel>
    </>
  )
}
