import type { Metadata } from 'next'
import { cache } from 'react'
import { readApproval } from '#lib/approvals/reads.ts'
import { readSinceRevision } from '#lib/approvals/reads-since.ts'
import { listBreakGlass } from '#lib/approvals/reads-break-glass.ts'
import { readVersion } from '#lib/models/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { pageRead } from '../../../_server/page-read.ts'
import { roster } from '../../../_server/may.ts'
import { requireSession } from '../../../_server/session.ts'
import { votersOf } from '../../../_server/voting.ts'
import { paths } from '../../../paths.ts'
import { PageHead } from '../../../_ui/page-head.tsx'
import { Columns, Panel } from '../../../_ui/panel.tsx'
import { NoPermission } from '../../../_ui/states/no-permission.tsx'
import { Status } from '../../../_ui/status.tsx'
import { DiffTable } from '../../_diff/diff-table.tsx'
import { GlassBadge } from '../glass.tsx'
import { approvalWords, changedWords } from '../words.ts'
import s from './approval.module.css'
import { ApprovalActions } from './approval-actions.tsx'
import { Differences } from './differences.tsx'
import { Evidence } from './evidence.tsx'
import { EvidenceRecord } from './evidence-record.tsx'
import { Standing } from './standing.tsx'
import { RequestFacts } from './request-facts.tsx'
import { Votes } from './votes.tsx'

type Props = { params: Promise<{ id: string }> }

const approvalOnce = cache((ctx: Ctx, id: string) => pageRead(readApproval(ctx, id)))

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { ctx } = await requireSession()
  const { value } = await approvalOnce(ctx, (await params).id)
  return { title: value ? `${value.subject.model.name} ${value.subject.version.version}` : 'Approval' }
}

export default async function ApprovalPage({ params }: Props) {
  const { ctx, workspace } = await requireSession()
  const read = await approvalOnce(ctx, (await params).id)
  if (read.refusal) return <NoPermission {...read.refusal} />
  const approval = read.value
  const { subject, state } = approval
  const nowMs = ctx.clock.now().getTime()
  const [version, previous, members, glasses] = await Promise.all([
    pageRead(readVersion(ctx, subject.version.id)),
    readSinceRevision(ctx, approval.id),
    roster(),
    listBreakGlass(ctx, { versionId: subject.version.id, environmentId: subject.environment.id, limit: 5 }),
  ])
  const voters = votersOf(members, approval, version.value?.createdBy.id ?? null)
  return (
    <>
      <PageHead
        crumbs={[{ href: paths.approvals(), label: 'Approvals' }]}
        title={`May ${subject.model.name} ${subject.version.version} serve in ${subject.environment.name}?`}
        status={
          <>
            <Status of={approvalWords[state].of} chip>
              {approvalWords[state].words}
            </Status>
            <GlassBadge glasses={glasses.items} href="#break-glass" />
          </>
        }
        actions={<ApprovalActions ctx={ctx} workspace={workspace.name} approval={approval} />}
        because={state === 'open' ? approval.tally.because : approval.because}
      />
      <Columns kind="main-side">
        <div>
          <Standing ctx={ctx} workspace={workspace.name} approval={approval} glasses={glasses.items} />
          <Evidence approval={approval} />
          <EvidenceRecord ctx={ctx} workspace={workspace.name} approval={approval} />
          <Differences subject={subject} />
          {previous && (
            <Panel
              title={`Since revision ${previous.revision}`}
              aside={`${changedWords(previous.changed)}; it was ${previous.state}`}
            >
              <DiffTable
                caption={`What changed since revision ${previous.revision}`}
                before={previous.subject}
                after={subject}
                empty={<p className={s.foot}>Only the policy changed.</p>}
              />
            </Panel>
          )}
        </div>
        <div>
          <Votes approval={approval} voters={voters} actorId={ctx.actorId} nowMs={nowMs} />
          <RequestFacts approval={approval} author={version.value?.createdBy.name ?? null} nowMs={nowMs} />
        </div>
      </Columns>
    </>
  )
}
