import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { personas } from '#lib/members/model.ts'
import { waysToSignIn } from '#lib/members/reads-sessions.ts'
import { currentIdentity, currentSession } from '../_server/session.ts'
import { webSystem } from '../_server/system.ts'
import { oneOf, readQuery, type SearchParams } from '../_server/query.ts'
import { paths } from '../paths.ts'
import { endSession, signInAs } from './actions.ts'
import { NoWorkspace } from './no-workspace.tsx'
import { Providers } from './providers.tsx'
import { SignInCard } from './sign-in-card.tsx'

export const metadata: Metadata = { title: 'Sign in' }
export const dynamic = 'force-dynamic'

const failures = {
  forbidden: 'This could not be done from here. Open the console under its own address and try again.',
  invalid: 'There is no such person. Choose one of those below.',
  'not-found': 'There is no such way to sign in here. Choose one of those below.',
  unavailable: 'The identity provider does not answer. Nothing is wrong with your account: try again in a minute.',
  refused:
    'The sign-in was not accepted. Begin it again; if it fails again, an admin finds the reason in the audit log.',
  groups:
    'Your identity provider left your groups out because there are too many, so your roles are not known. Ask an admin to map app roles instead.',
} as const
type Failure = keyof typeof failures

const does: Record<string, string> = {
  dana: 'Registers versions and asks for their approval',
  priya: 'Decides on evidence whether a version may serve',
  tomas: 'Validates models, the second vote',
  olu: 'Deploys, rolls out, takes back',
  ingrid: 'Reads the log, gives and takes roles',
}

export default async function SignInPage({ searchParams }: { searchParams: SearchParams }) {
  const [system, session, who, query] = await Promise.all([
    webSystem(),
    currentSession(),
    currentIdentity(),
    readQuery(searchParams),
  ])
  if (session) redirect(paths.home())
  if (who)
    return (
      <NoWorkspace name={who.actor.name} issuer={who.actor.issuer} subject={who.actor.subject} signOut={endSession} />
    )
  const failed = oneOf(query.failed, Object.keys(failures) as Failure[], undefined)
  const people = system.config.personas
    ? personas.map((p) => ({ id: p.subject, name: p.name, role: p.title, does: does[p.subject] ?? p.roles.join(', ') }))
    : []
  const ways = waysToSignIn(system)
  return (
    <SignInCard personas={people} signInAs={signInAs} {...(failed ? { failure: failures[failed] } : {})}>
      {ways.length > 0 && <Providers ways={ways} returnTo={query.returnTo} />}
    </SignInCard>
  )
}
