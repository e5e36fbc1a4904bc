import type { Metadata } from 'next'
import Link from 'next/link'
import type { IncidentView } from '#lib/incidents/model.ts'
import { listIncidents, readIncidentFigures, type IncidentFigures } from '#lib/incidents/reads.ts'
import { pageRead } from '../../../_server/page-read.ts'
import { cursorOf, oneOf, pagerLinks, readQuery, type SearchParams } from '../../../_server/query.ts'
import { requireCtx } from '../../../_server/session.ts'
import { Drill, drillWords } from '../../../_ui/drill.tsx'
import { formatDuration } from '../../../_ui/format.ts'
import { KeyValue, Unknown } from '../../../_ui/key-value.tsx'
import { PageHead } from '../../../_ui/page-head.tsx'
import { Panel, Toolbar } from '../../../_ui/panel.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { NoPermission } from '../../../_ui/states/no-permission.tsx'
import { Mark, Status } from '../../../_ui/status.tsx'
import { DataTable, type Column } from '../../../_ui/table/data-table.tsx'
import { FilterTabs } from '../../../_ui/table/filter-tabs.tsx'
import { Pager } from '../../../_ui/table/pager.tsx'
import { Ago } from '../../../_ui/time.tsx'
import { paths, withQuery } from '../../../paths.ts'
import { incidentStatus, severityMarks } from '../_ui/words.ts'
import s from '../_ui/incidents.module.css'

export const metadata: Metadata = { title: 'Incidents' }

const views = ['unresolved', 'resolved', 'all'] as const
const labels = { unresolved: 'Not resolved', resolved: 'Resolved', all: 'All' } as const
const figuresMs = 30 * 86_400_000

export default async function IncidentsPage({ searchParams }: { searchParams: SearchParams }) {
  const ctx = await requireCtx()
  const query = await readQuery(searchParams)
  const view = oneOf(query['view'], views, 'unresolved')
  const cursor = cursorOf(query['cursor'])
  const now = ctx.clock.now()
  const filter =
    view === 'unresolved' ? { unresolved: true } : view === 'resolved' ? { state: 'resolved' as const } : {}
  const read = await pageRead(
    Promise.all([
      listIncidents(ctx, { cursor, ...filter }),
      readIncidentFigures(ctx, { from: new Date(now.getTime() - figuresMs), to: now }),
    ]),
  )
  if (read.refusal) return <NoPermission {...read.refusal} />
  const [{ items, nextCursor }, figures] = read.value
  const href = (id: string) => withQuery(paths.incidents(), { view: id === 'unresolved' ? '' : id })
  return (
    <>
      <PageHead title="Incidents" because="What is broken for whom; each opens itself from the log, once." />
      <Figures figures={figures} />
      <Toolbar>
        <FilterTabs
          label="Incidents"
          tabs={views.map((id) => ({ id, label: labels[id], href: href(id), current: id === view }))}
        />
      </Toolbar>
      <DataTable
        caption="Incidents, newest first"
        columns={columns(now.getTime())}
        rows={items}
        rowKey={(incident) => incident.id}
        empty={
          <EmptyState icon="fire" title={view === 'unresolved' ? 'Nothing is broken' : 'No incidents yet'}>
            An incident opens when something is rolled back or held, drifts, burns its budget or cannot be reached, or
            when a person opens one.
          </EmptyState>
        }
      />
      <Pager
        {...pagerLinks(paths.incidents(), view === 'unresolved' ? {} : { view }, {
          cursor,
          trail: query['trail'],
          nextCursor,
        })}
        shown={`${items.length} incidents`}
      />
    </>
  )
}

function Figures({ figures }: { figures: IncidentFigures }) {
  const { opened, drills, mttaSeconds, mttrSeconds } = figures
  return (
    <Panel title="Last 30 days" aside="means leave drills out" padded>
      <KeyValue
        columns={2}
        items={[
          { label: 'Opened', value: `${opened}, and ${drills} in drills` },
          { label: 'Not resolved, drills left out', value: String(figures.unresolved) },
          {
            label: 'To acknowledge',
            value:
              mttaSeconds === null ? (
                <Unknown because="none was acknowledged" />
              ) : (
                `${formatDuration(mttaSeconds * 1000)} on average`
              ),
          },
          {
            label: 'To resolve',
            value:
              mttrSeconds === null ? (
                <Unknown because="none was resolved" />
              ) : (
                `${formatDuration(mttrSeconds * 1000)} on average`
              ),
          },
        ]}
      />
    </Panel>
  )
}

function columns(nowMs: number): Column<IncidentView>[] {
  return [
    {
      id: 'severity',
      label: 'Severity',
      widthPercent: 9,
      cell: ({ severity }) => {
        const { glyph, hue, word } = severityMarks[severity]
        return (
          <Mark glyph={glyph} hue={hue}>
            {word}
          </Mark>
        )
      },
    },
    {
      id: 'title',
      label: 'Incident',
      rowHeader: true,
      cell: (incident) => (
        <Link href={paths.incident(incident.id)} prefetch={false} title={incident.title}>
          {incident.title}
          {incident.drill !== null && <span className={s.drillOnPhone}>{drillWords(incident.drill)}</span>}
        </Link>
      ),
    },
    {
      id: 'drill',
      label: 'Drill',
      widthPercent: 18,
      wideOnly: true,
      cell: ({ drill }) => (drill === null ? 'no' : <Drill label={drill} clipped />),
    },
    { id: 'state', label: 'State', widthPercent: 13, cell: ({ state }) => <Status of={incidentStatus[state]} /> },
    {
      id: 'who',
      label: 'Who is on it',
      widthPercent: 13,
      wideOnly: true,
      cell: ({ acknowledgedBy }) => acknowledgedBy?.name ?? 'nobody yet',
    },
    {
      id: 'opened',
      label: 'Opened',
      widthPercent: 10,
      numeric: true,
      cell: ({ openedAt }) => <Ago atMs={openedAt.getTime()} nowMs={nowMs} />,
    },
  ]
}
