import type { Metadata } from 'next'
import { headers } from 'next/headers'
import { findPublicByDigest, findPublicDecision, type PublicAttestation } from '#lib/attestations/reads-public.ts'
import { isId } from '#lib/platform/ids.ts'
import { checkHost } from '#lib/platform/request-origin.ts'
import { KeyValue } from '../_ui/key-value.tsx'
import { webSystem } from '../_server/system.ts'
import { verifyAction } from './actions.ts'
import { PasteForm } from './paste-form.tsx'
import s from './verify.module.css'

export const metadata: Metadata = { title: 'Verify' }
export const dynamic = 'force-dynamic'

type Query = Promise<Record<string, string | string[] | undefined>>

/** For anybody, without signing in: what this installation says of an approval or an attestation. It names nobody. */
export default async function VerifyPage({ searchParams }: { searchParams: Query }) {
  const [system, query, head] = await Promise.all([webSystem(), searchParams, headers()])
  checkHost(system.config, head.get('host'))
  const given = [query['digest'], query['approval']].find((v) => typeof v === 'string')
  const asked = typeof given === 'string' ? given.trim().slice(0, 100) : ''
  const found = asked === '' ? undefined : await find(system, asked)
  return (
    <main className={s.page}>
      <h1>Verify an approval</h1>
      <p>Give the id of a request for approval (ap_…) or the digest of a statement or an envelope (sha256:…).</p>
      <form method="get" className={s.form}>
        <label htmlFor="digest">Id or digest</label>
        <input id="digest" name="digest" defaultValue={asked} required maxLength={100} autoComplete="off" />
        <button type="submit">Look it up</button>
      </form>
      {asked !== '' && (found ? <Found of={found} /> : <p>This installation knows no such attestation.</p>)}
      <h2>Or verify what you hold</h2>
      <p>It is judged by its signature, whether or not this installation knows it. Nothing of it is kept.</p>
      <PasteForm verify={verifyAction} />
      <p className={s.note}>
        This page is the server’s own word. To believe it without the server, take the{' '}
        <a href="/api/verify/trust.json">keys</a> from the operator by another way and run{' '}
        <code>quarterdeck verify FILE --trust trust.json</code>.
      </p>
    </main>
  )
}

async function find(
  system: Awaited<ReturnType<typeof webSystem>>,
  asked: string,
): Promise<PublicAttestation | undefined> {
  if (isId('approval', asked)) return findPublicDecision(system, asked)
  return /^sha256:[0-9a-f]{64}$/.test(asked) ? findPublicByDigest(system, asked) : undefined
}

function Found({ of: found }: { of: PublicAttestation }) {
  const predicate = found.decision?.statement.predicate
  const subject = found.decision?.statement.subject[0]
  const facts = [
    { label: 'Kind', value: found.kind },
    { label: 'Statement', value: <code>{found.digest}</code> },
    { label: 'Signed', value: found.signedAt?.toISOString() ?? 'not yet: it waits for its signature' },
    ...(predicate && subject
      ? [
          { label: 'Result', value: predicate.verificationResult },
          { label: 'Levels', value: predicate.verifiedLevels.join(', ') },
          { label: 'What', value: `${subject.name}, sha256:${subject.digest.sha256}` },
          { label: 'Where', value: predicate.resourceUri },
          { label: 'Decided', value: predicate.timeVerified },
          { label: 'Policy', value: `${predicate.policy.uri}, sha256:${predicate.policy.digest.sha256}` },
          { label: 'Rests on', value: `${predicate.inputAttestations.length} attestations` },
        ]
      : []),
  ]
  return (
    <section className={s.found}>
      <h2>{found.decision ? 'The decision' : 'It is known here'}</h2>
      {found.demo && <p className={s.demo}>A demonstration: local personas made it. It proves nothing about people.</p>}
      {!found.decision && <p>What a vote or evidence says names people, so it is not shown here.</p>}
      <KeyValue items={facts} />
      {found.decision?.envelope !== undefined && found.decision.envelope !== null && (
        <details>
          <summary>The signed envelope (DSSE)</summary>
          <pre>{JSON.stringify(found.decision.envelope)}</pre>
        </details>
      )}
    </section>
  )
}
