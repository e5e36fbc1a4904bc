import type { Metadata } from 'next'
import Link from 'next/link'
import { listAttestations } from '#lib/attestations/reads.ts'
import { listEntries, readLogStatus } from '#lib/audit/reads.ts'
import { readApproval, type ApprovalDetail } from '#lib/approvals/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { pageRead } from '../../../../_server/page-read.ts'
import { refusalOf } from '../../../../_server/may.ts'
import { requireSession } from '../../../../_server/session.ts'
import { paths, withQuery } from '../../../../paths.ts'
import { EvidencePackLink } from '../../../../_ui/evidence-pack-link.tsx'
import { NoPermission } from '../../../../_ui/states/no-permission.tsx'
import { Ledger } from './ledger.tsx'
import { PrintButton } from './print-button.tsx'
import s from './record.module.css'
import { Checks, Facts, VotesCast } from './sections.tsx'

export const metadata: Metadata = { title: 'Approval record' }
export const dynamic = 'force-dynamic'

/** What was asked, on what, by whom and how it was decided: one light page that prints as clean A4. */
export default async function ApprovalRecordPage({ params }: { params: Promise<{ id: string }> }) {
  const { ctx, workspace } = await requireSession()
  const read = await pageRead(readApproval(ctx, (await params).id))
  if (read.refusal) return <NoPermission {...read.refusal} />
  const approval = read.value
  const { subject, state, because, tally } = approval
  return (
    <main className={s.page}>
      <nav className={s.bar} aria-label="Record">
        <Link className="text-link" href={paths.approval(approval.id)} prefetch={false}>
          Back to the request
        </Link>
        <span className={s.push} />
        <EvidencePackLink id={approval.id} />
        <PrintButton />
      </nav>
      <h1>
        Approval record: {subject.model.name} {subject.version.version} in {subject.environment.name}
      </h1>
      <p className={s.decision}>
        <strong>{state === 'open' ? 'Not decided yet' : state}</strong> {state === 'open' ? tally.because : because}
      </p>
      <Facts approval={approval} workspace={workspace.title} />
      <Checks approval={approval} />
      <VotesCast approval={approval} />
      <Ledger {...await readLedger(ctx, approval)} />
      <p className={s.foot}>
        Taken by {ctx.actor.name} on {ctx.clock.now().toISOString()}. Anybody may look it up at{' '}
        <code>{`${ctx.config.origin}${withQuery(paths.verify(), { approval: approval.id })}`}</code>; to believe it
        without this server, verify its evidence pack: <code>quarterdeck verify FILE --trust trust.json</code>.
      </p>
    </main>
  )
}

const entriesMax = 200

/** What the log and the attestations have of it, as far as the caller may read them. */
async function readLedger(ctx: Ctx, approval: ApprovalDetail) {
  const [noAudit, noAttestations] = await Promise.all([
    refusalOf(ctx, 'audit:read'),
    refusalOf(ctx, 'attestation:read'),
  ])
  const [page, log, attestations] = await Promise.all([
    noAudit ? null : listEntries(ctx, { resourceId: approval.id, limit: entriesMax }),
    noAudit ? null : readLogStatus(ctx),
    noAttestations ? null : listAttestations(ctx, { subjectId: approval.id }),
  ])
  return { entries: page?.items.toReversed() ?? null, log, attestations, noAudit, noAttestations }
}
