import type { ApprovalDetail } from '#lib/approvals/reads.ts'
import { addableKinds } from '#lib/models/evidence.ts'
import { listEvidenceFor } from '#lib/models/reads-evidence.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { refusalOf } from '../../../_server/may.ts'
import { pageRead } from '../../../_server/page-read.ts'
import { curlOf } from '../../../_ui/curl.ts'
import { GovernedAction } from '../../../_ui/dialog/governed-action.tsx'
import { shortDigest } from '../../../_ui/format.ts'
import { Hash } from '../../../_ui/hash.tsx'
import { Panel } from '../../../_ui/panel.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { NoPermission } from '../../../_ui/states/no-permission.tsx'
import { DataTable, type Column } from '../../../_ui/table/data-table.tsx'
import { addEvidenceAction, withdrawEvidenceAction } from '../actions.ts'
import s from './approval.module.css'

export type EvidenceRecordProps = { ctx: Ctx; workspace: string; approval: ApprovalDetail }
type Piece = Awaited<ReturnType<typeof listEvidenceFor>>[number]

/** Evidence that was added to the version since it was submitted, and the way to add and withdraw. */
export async function EvidenceRecord(props: EvidenceRecordProps) {
  const { version } = props.approval.subject
  const read = await pageRead(listEvidenceFor(props.ctx, version.id))
  return (
    <Panel title={`Added to ${version.version}`} aside={<Add {...props} />}>
      {read.refusal ? (
        <NoPermission {...read.refusal} part />
      ) : (
        <DataTable
          caption="Evidence that was added to the version"
          columns={columnsOf(props)}
          rows={read.value}
          rowKey={(e) => e.id}
          empty={
            <EmptyState icon="scroll" title="Nothing was added since the version was submitted">
              CI adds evidence by the API or <code>quarterdeck evidence add</code>; a person adds it here.
            </EmptyState>
          }
        />
      )}
    </Panel>
  )
}

function columnsOf(props: EvidenceRecordProps): Column<Piece>[] {
  return [
    { id: 'kind', label: 'Kind', rowHeader: true, widthPercent: 20, cell: (e) => e.kind },
    { id: 'digest', label: 'Digest', widthPercent: 22, wideOnly: true, cell: (e) => <Hash digest={e.digest} /> },
    { id: 'by', label: 'By', cell: whoWords },
    {
      id: 'do',
      label: <span className="sr">Withdraw</span>,
      numeric: true,
      widthPercent: 26,
      cell: (e) => <Withdraw {...props} piece={e} />,
    },
  ]
}

function whoWords(e: Piece) {
  return (
    <span className={s.quiet} title={e.withdrawnBecause ?? undefined}>
      {e.producedBy.name}, <time dateTime={e.measuredAt.toISOString()}>{e.measuredAt.toISOString().slice(0, 10)}</time>
      {e.withdrawnAt !== null && `, withdrawn: ${e.withdrawnBecause ?? ''}`}
    </span>
  )
}

const revisionNote =
  'While a request for the version is open, it becomes a new revision: votes on this one are void, and it has to be decided anew.'

async function Add({ ctx, workspace, approval }: EvidenceRecordProps) {
  const { version, model } = approval.subject
  const refusal = await refusalOf(ctx, 'evidence:add', { labels: approval.labels })
  return (
    <GovernedAction
      refusal={refusal}
      opener="Add evidence…"
      title={`Add evidence to ${model.name} ${version.version}?`}
      plan={[
        { what: 'Artefact', to: shortDigest(version.digest, 16) },
        { what: 'Producer on record', to: ctx.actor.name },
        ...(approval.state === 'open'
          ? [{ what: 'Request', from: `revision ${approval.revision}`, to: `revision ${approval.revision + 1}` }]
          : []),
      ]}
      note={`${revisionNote} Whoever adds evidence may not decide on it where the policy separates the two.`}
      verb="Add the evidence"
      action={addEvidenceAction}
      fields={{ versionId: version.id }}
      inputs={[
        { name: 'kind', label: 'Kind', options: addableKinds.map((kind) => ({ value: kind, label: kind })) },
        {
          name: 'content',
          label: 'Content',
          hint: 'JSON as the kind asks, or an in-toto test-result statement',
          rows: 6,
          code: true,
          initial: '{ "metrics": { "auc": 0.9 } }',
        },
        { name: 'measuredAt', label: 'Measured', hint: 'RFC 3339; empty for now', optional: true },
      ]}
      reasonLengthMin={null}
      commands={{
        curl: curlOf({
          origin: ctx.config.origin,
          workspace,
          method: 'POST',
          path: `/versions/${version.id}/evidence`,
          body: { kind: 'evaluation', content: { metrics: { auc: 0.9 } } },
        }),
      }}
    />
  )
}

async function Withdraw({ ctx, workspace, approval, piece }: EvidenceRecordProps & { piece: Piece }) {
  const refusal = await refusalOf(ctx, 'evidence:withdraw', { labels: approval.labels }, piece.mine.withdraw)
  return (
    <GovernedAction
      refusal={refusal}
      absent={piece.withdrawnAt !== null}
      opener="Withdraw…"
      title={`Withdraw this ${piece.kind}?`}
      plan={[
        { what: 'Evidence', to: shortDigest(piece.digest, 16) },
        { what: 'It counts', from: 'yes', to: 'no longer' },
      ]}
      note={`${revisionNote} It stays on record as withdrawn.`}
      verb="Withdraw the evidence"
      kind="danger"
      action={withdrawEvidenceAction}
      fields={{ evidenceId: piece.id }}
      reasonLengthMin={3}
      commands={{
        curl: curlOf({
          origin: ctx.config.origin,
          workspace,
          method: 'POST',
          path: `/evidence/${piece.id}/withdraw`,
          body: { reason: 'why' },
        }),
      }}
    />
  )
}
