import Link from 'next/link'
import type { ReactNode } from 'react'
import type { EntryView } from '#lib/audit/entries.ts'
import { paths } from '../../paths.ts'
import { shortDigest } from '../../_ui/format.ts'
import { Mark } from '../../_ui/status.tsx'
import { DataTable, type Column } from '../../_ui/table/data-table.tsx'
import { Ago } from '../../_ui/time.tsx'
import { outcomeMarks } from './words.ts'
import { resourceHref } from './resource-link.ts'

export type EntryTableProps = { entries: readonly EntryView[]; nowMs: number; empty: ReactNode }

/** Audit entries: when, who, what, to which thing, and why. */
export function EntryTable({ entries, nowMs, empty }: EntryTableProps) {
  return (
    <DataTable
      caption="Audit entries, newest first"
      columns={columnsOf(nowMs)}
      rows={entries}
      rowKey={(e) => e.id}
      empty={empty}
    />
  )
}

function columnsOf(nowMs: number): Column<EntryView>[] {
  return [
    { id: 'time', label: 'When', widthPercent: 9, cell: (e) => <Ago atMs={e.time.getTime()} nowMs={nowMs} /> },
    { id: 'outcome', label: 'Outcome', widthPercent: 9, wideOnly: true, cell: (e) => <Outcome entry={e} /> },
    {
      id: 'action',
      label: 'Action',
      rowHeader: true,
      widthPercent: 15,
      cell: (e) => (
        <Link href={paths.auditEntry(e.id)} prefetch={false}>
          {e.kind}
        </Link>
      ),
    },
    { id: 'actor', label: 'Who', widthPercent: 13, cell: (e) => e.content?.actor.name ?? 'erased' },
    { id: 'resource', label: 'What', widthPercent: 21, wideOnly: true, cell: (e) => <ResourceName entry={e} /> },
    {
      id: 'because',
      label: 'Why',
      wideOnly: true,
      cell: (e) => <span title={e.content?.because}>{e.content?.because ?? 'erased'}</span>,
    },
  ]
}

/** What came of it, with its shape. */
export function Outcome({ entry }: { entry: Pick<EntryView, 'outcome'> }) {
  const { glyph, hue, word } = outcomeMarks[entry.outcome]
  return (
    <Mark glyph={glyph} hue={hue}>
      {word}
    </Mark>
  )
}

/** The thing that was acted on, by name where the entry has one, linked where it has a page. */
export function ResourceName({ entry }: { entry: Pick<EntryView, 'resource' | 'content'> }) {
  const { kind, id } = entry.resource
  const name = entry.content?.resource.name ?? shortDigest(id, 12)
  const href = resourceHref(id)
  return (
    <span title={`${kind} ${id}`}>
      {href ? (
        <Link href={href} prefetch={false}>
          {name}
        </Link>
      ) : (
        name
      )}
    </span>
  )
}
