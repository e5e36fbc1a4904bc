import Link from 'next/link'
import type { ApprovalDetail } from '#lib/approvals/reads.ts'
import { paths } from '../../../paths.ts'
import { Hash } from '../../../_ui/hash.tsx'
import { KeyValue, Unknown } from '../../../_ui/key-value.tsx'
import { Panel } from '../../../_ui/panel.tsx'
import { Ago } from '../../../_ui/time.tsx'

export type RequestFactsProps = { approval: ApprovalDetail; author: string | null; nowMs: number }

/** Everything that the request binds, by digest. */
export function RequestFacts({ approval, author, nowMs }: RequestFactsProps) {
  const { subject, policy, requestedBy, requestedAt, decidedAt, expiresAt, revision, revisionDigest } = approval
  const { model, version } = subject
  return (
    <Panel
      title="Request"
      aside={
        <Link className="text-link" href={paths.approvalRecord(approval.id)} prefetch={false}>
          Record to print
        </Link>
      }
      padded
    >
      <KeyValue
        items={[
          {
            label: 'Version',
            value: (
              <Link className="text-link" href={paths.modelVersion(model.id, version.id)} prefetch={false}>
                {model.name} {version.version}
              </Link>
            ),
          },
          { label: 'Artefact', value: <Hash digest={version.digest} /> },
          { label: 'Card', value: <Hash digest={subject.cardDigest} /> },
          { label: 'Policy', value: <Hash digest={policy.digest} /> },
          { label: `Revision ${revision}`, value: <Hash digest={revisionDigest} /> },
          { label: 'Asked by', value: requestedBy.name },
          { label: 'Submitted by', value: author ?? <Unknown because="you may not read the version" /> },
          { label: 'Asked', value: <Ago atMs={requestedAt.getTime()} nowMs={nowMs} /> },
          ...(decidedAt ? [{ label: 'Ended', value: <Ago atMs={decidedAt.getTime()} nowMs={nowMs} /> }] : []),
          ...(approval.state === 'open' || approval.state === 'approved'
            ? [{ label: 'Holds until', value: <Ago atMs={expiresAt.getTime()} nowMs={nowMs} /> }]
            : []),
        ]}
      />
    </Panel>
  )
}
