import type { Metadata } from 'next'
import { listEntries, readEntry, readLogStatus } from '#lib/audit/reads.ts'
import { refusalOf } from '../../../_server/may.ts'
import { found } from '../../../_server/found.ts'
import { requireCtx } from '../../../_server/session.ts'
import { paths, withQuery } from '../../../paths.ts'
import { CopyButton } from '../../../_ui/copy-button.tsx'
import { Hash } from '../../../_ui/hash.tsx'
import { KeyValue } from '../../../_ui/key-value.tsx'
import { PageHead } from '../../../_ui/page-head.tsx'
import { Columns, Panel } from '../../../_ui/panel.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { NoPermission } from '../../../_ui/states/no-permission.tsx'
import { Mark, Status } from '../../../_ui/status.tsx'
import { Instant } from '../../../_ui/time.tsx'
import { DiffTable } from '../../_diff/diff-table.tsx'
import { EntryTable, ResourceName } from '../entry-table.tsx'
import { ProofBadge } from '../proof/proof-badge.tsx'
import { outcomeMarks } from '../words.ts'
import s from '../audit.module.css'

export const metadata: Metadata = { title: 'Audit entry' }

const sameRequestMax = 21

type Entry = Awaited<ReturnType<typeof readEntry>>

export default async function EntryPage({ params }: { params: Promise<{ id: string }> }) {
  const ctx = await requireCtx()
  const denied = await refusalOf(ctx, 'audit:read')
  if (denied) return <NoPermission {...denied} />
  const entry = await found(readEntry(ctx, (await params).id))
  const [{ vkey }, together] = await Promise.all([
    readLogStatus(ctx),
    entry.requestId === null ? null : listEntries(ctx, { requestId: entry.requestId, limit: sameRequestMax }),
  ])
  const others = together?.items.filter((each) => each.id !== entry.id) ?? []
  const { glyph, hue, word } = outcomeMarks[entry.outcome]
  return (
    <>
      <PageHead
        crumbs={[{ href: paths.audit(), label: 'Audit' }]}
        title={entry.kind}
        status={
          <Mark glyph={glyph} hue={hue} chip>
            {word}
          </Mark>
        }
        because={entry.content?.because ?? 'What this entry said was erased; its digest stays in the log.'}
      />
      <Columns kind="main-side">
        <div>
          <Panel title="What changed">
            <DiffTable
              caption="Before and after"
              before={entry.content?.before}
              after={entry.content?.after}
              empty={
                <EmptyState icon="minus" title="No values were recorded">
                  This act changed no value that is kept beside the log.
                </EmptyState>
              }
            />
          </Panel>
          <Panel
            title="With the same request"
            aside={
              together?.nextCursor && (
                <a className="text-link" href={withQuery(paths.audit(), { request: entry.requestId ?? undefined })}>
                  all of them
                </a>
              )
            }
          >
            <EntryTable
              entries={others}
              nowMs={ctx.clock.now().getTime()}
              empty={
                <EmptyState icon="list" title="Nothing else">
                  The same request did nothing else that is recorded in this workspace.
                </EmptyState>
              }
            />
          </Panel>
        </div>
        <div>
          <ProofPanel entry={entry} vkey={vkey} />
          <EntryFacts entry={entry} />
        </div>
      </Columns>
    </>
  )
}

function ProofPanel({ entry, vkey }: { entry: Entry; vkey: string | null }) {
  const { receipt } = entry
  if (!receipt || vkey === null) {
    return (
      <Panel title="Proof" padded>
        <Status of="pending">Not yet in the log</Status>
        <p className={s.note}>The sequencer gives every entry its place within seconds. This page shows it then.</p>
      </Panel>
    )
  }
  const said = { id: entry.id, kind: entry.kind, digest: entry.digest, time: entry.time.toISOString() }
  return (
    <Panel title="Proof" padded aside={<CopyButton text={receipt.proof}>Copy receipt</CopyButton>}>
      <ProofBadge claim={{ entry: said, receipt, vkey }} />
      <p className={s.note}>
        Recomputed from the leaf, the inclusion proof and the signed checkpoint. The leaf holds a salted digest of what
        the entry says; an export with its salts proves the words themselves.
      </p>
    </Panel>
  )
}

function EntryFacts({ entry }: { entry: Entry }) {
  const { content } = entry
  const actor = content?.actor
  return (
    <Panel title="Entry" padded>
      <KeyValue
        items={[
          { label: 'When', value: <Instant atMs={entry.time.getTime()} /> },
          { label: 'Who', value: actor ? `${actor.name} (${actor.kind})` : 'erased' },
          ...(actor && !actor.erased ? [{ label: 'Identity', value: `${actor.issuer} / ${actor.subject}` }] : []),
          ...(entry.actorId === null ? [] : [{ label: 'Their acts', value: <TheirActs actorId={entry.actorId} /> }]),
          ...(actor?.onBehalfOf ? [{ label: 'For', value: actor.onBehalfOf.subject }] : []),
          ...(actor ? [{ label: 'Through', value: actor.via }] : []),
          { label: entry.resource.kind, value: <ResourceName entry={entry} /> },
          {
            label: 'Its history',
            value: (
              <a className="text-link" href={withQuery(paths.audit(), { resource: entry.resource.id })}>
                all entries of it
              </a>
            ),
          },
          ...(content?.policies ?? []).map((digest) => ({ label: 'Policy', value: <Hash digest={digest} /> })),
          ...(content?.drill ? [{ label: 'Drill', value: content.drill }] : []),
          ...(entry.requestId === null ? [] : [{ label: 'Request', value: <code>{entry.requestId}</code> }]),
          ...(content?.traceId ? [{ label: 'Trace', value: <code>{content.traceId}</code> }] : []),
          { label: 'Digest', value: <Hash digest={entry.digest} /> },
          { label: 'Id', value: <code>{entry.id}</code> },
        ]}
      />
    </Panel>
  )
}

function TheirActs({ actorId }: { actorId: string }) {
  return (
    <a className="text-link" href={withQuery(paths.audit(), { actor: actorId })}>
      all entries of {actorId}
    </a>
  )
}
