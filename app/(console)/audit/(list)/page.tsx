import type { Metadata } from 'next'
import { listEntries } from '#lib/audit/reads.ts'
import { refusalOf, roster } from '../../../_server/may.ts'
import { cursorOf, oneOf, readQuery, type SearchParams } from '../../../_server/query.ts'
import { requireCtx } from '../../../_server/session.ts'
import { paths, withQuery } from '../../../paths.ts'
import { ButtonLink } from '../../../_ui/button-link.tsx'
import { PageHead } from '../../../_ui/page-head.tsx'
import { Toolbar } from '../../../_ui/panel.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { NoPermission } from '../../../_ui/states/no-permission.tsx'
import { FilterTabs } from '../../../_ui/table/filter-tabs.tsx'
import { Pager } from '../../../_ui/table/pager.tsx'
import { Instant } from '../../../_ui/time.tsx'
import { EntryTable } from '../entry-table.tsx'
import { outcomeMarks } from '../words.ts'
import { parseInstant } from '../range.ts'
import s from '../audit.module.css'
import { AuditFilters } from './audit-filters.tsx'

export const metadata: Metadata = { title: 'Audit' }

const outcomes = ['done', 'denied', 'found'] as const

export default async function AuditPage({ searchParams }: { searchParams: SearchParams }) {
  const ctx = await requireCtx()
  const denied = await refusalOf(ctx, 'audit:read')
  if (denied) return <NoPermission {...denied} />
  const query = await readQuery(searchParams)
  const nowMs = ctx.clock.now().getTime()
  const outcome = oneOf(query.outcome, outcomes, undefined)
  const { q, action, actor, resource, request, from, to } = query
  const keep = { q, action, actor, resource, request, from, to, outcome }
  const newer = cursorOf(query.newer)
  const cursor = newer === undefined ? cursorOf(query.cursor) : undefined
  const [page, members] = await Promise.all([
    listEntries(ctx, {
      limit: 50,
      cursor,
      newer,
      kind: short(action),
      outcome,
      resourceId: short(resource),
      actorId: short(actor),
      requestId: short(request),
      text: short(q),
      from: parseInstant(from, nowMs),
      to: parseInstant(to, nowMs),
    }),
    roster(),
  ])
  const filtered = Object.values(keep).some((value) => value !== undefined)
  return (
    <>
      <PageHead title="Audit" actions={<ButtonLink href={paths.auditStatus()}>Log status</ButtonLink>} />
      <Toolbar>
        <FilterTabs
          label="Outcomes"
          tabs={[undefined, ...outcomes].map((each) => ({
            id: each ?? 'all',
            label: each ? outcomeMarks[each].word : 'All',
            href: withQuery(paths.audit(), { ...keep, outcome: each }),
            current: each === outcome,
          }))}
        />
      </Toolbar>
      <AuditFilters keep={keep} members={members} />
      <EntryTable entries={page.items} nowMs={nowMs} empty={<NoEntries filtered={filtered} />} />
      {page.lookedTo && (
        <p className={s.note}>
          Looked back to <Instant atMs={page.lookedTo.getTime()} />; “Older” looks further.
        </p>
      )}
      <Pager
        previousHref={page.previousCursor && withQuery(paths.audit(), { ...keep, newer: page.previousCursor })}
        nextHref={page.nextCursor && withQuery(paths.audit(), { ...keep, cursor: page.nextCursor })}
        shown={page.items.length === 1 ? '1 entry' : `${page.items.length} entries`}
      />
    </>
  )
}

// Longer than any action, id or word that entries hold.
function short(text: string | undefined): string | undefined {
  return text?.slice(0, 200)
}

function NoEntries({ filtered }: { filtered: boolean }) {
  return (
    <EmptyState icon="list" title={filtered ? 'No entry fits' : 'Nothing was recorded yet'}>
      {filtered
        ? 'Take filters away, or choose a longer time.'
        : 'Every act of a person or machine here is recorded, the refused ones too. The first one appears at once.'}
    </EmptyState>
  )
}
