import type { Metadata } from 'next'
import Link from 'next/link'
import { listFindings, listMonitors, type FindingView, type MonitorView } from '#lib/drift/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { pageRead } from '../../../_server/page-read.ts'
import { cursorOf, pagerLinks, readQuery, type SearchParams } from '../../../_server/query.ts'
import { requireCtx } from '../../../_server/session.ts'
import { formatDuration } from '../../../_ui/format.ts'
import { PageHead } from '../../../_ui/page-head.tsx'
import { Panel } from '../../../_ui/panel.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { NoPermission } from '../../../_ui/states/no-permission.tsx'
import { Pager } from '../../../_ui/table/pager.tsx'
import { paths } from '../../../paths.ts'
import { FeatureTable } from '../_ui/feature-table.tsx'
import { FindingList } from '../_ui/findings.tsx'
import { eventDay } from '../_ui/words.ts'
import s from '../_ui/drift.module.css'

export const metadata: Metadata = { title: 'Drift' }

const monitorsShown = 10
const featuresShown = 6
const findingsShown = 100
const resolvedShown = 4

export default async function DriftPage({ searchParams }: { searchParams: SearchParams }) {
  const ctx = await requireCtx()
  const query = await readQuery(searchParams)
  const cursor = cursorOf(query['cursor'])
  const read = await pageRead(
    Promise.all([
      listMonitors(ctx, { limit: monitorsShown, cursor }),
      standingFindings(ctx),
      listFindings(ctx, { state: 'resolved', limit: resolvedShown }),
    ]),
  )
  if (read.refusal) return <NoPermission {...read.refusal} />
  const [{ items, nextCursor }, findings, { items: resolved }] = read.value
  const nowMs = ctx.clock.now().getTime()
  return (
    <>
      <PageHead
        title="Drift"
        because="Current rows against the frozen reference of the model, by effect and certainty; days are of event time."
      />
      <Panel live title="Findings" aside={`${findings.length} open, then the newest resolved`}>
        {findings.length === 0 && (
          <p className={s.calm}>
            Nothing drifts now. A finding opens when an effect is large enough, certain enough, and lasts over several
            windows.
          </p>
        )}
        <FindingList findings={[...findings, ...resolved]} ctx={ctx} nowMs={nowMs} />
      </Panel>
      {items.map((monitor) => (
        <MonitorPanel key={monitor.id} monitor={monitor} findings={findings} />
      ))}
      {items.length === 0 && (
        <EmptyState icon="wave" title="No monitors yet">
          A monitor compares an endpoint&apos;s rows with a reference profile. Create a profile and a monitor by the
          API.
        </EmptyState>
      )}
      <Pager
        {...pagerLinks(paths.drift(), {}, { cursor, trail: query['trail'], nextCursor })}
        shown={`${items.length} monitors`}
      />
    </>
  )
}

/** Open ones first, then those that somebody looks after. */
async function standingFindings(ctx: Ctx): Promise<FindingView[]> {
  const [open, acknowledged] = await Promise.all(
    (['open', 'acknowledged'] as const).map((state) => listFindings(ctx, { state, limit: findingsShown })),
  )
  return [...(open?.items ?? []), ...(acknowledged?.items ?? [])]
}

function MonitorPanel({ monitor, findings }: { monitor: MonitorView; findings: readonly FindingView[] }) {
  const more = monitor.features.length - featuresShown
  const until = monitor.evaluatedUntil
  return (
    <Panel
      live
      title={
        <Link href={paths.driftMonitor(monitor.id)} prefetch={false} className="text-link">
          {monitor.endpointName} {monitor.name}
        </Link>
      }
      aside={`${formatDuration(monitor.windowSeconds * 1000)} windows, ${until ? `evaluated up to ${eventDay(until.getTime() - 1)}` : 'not evaluated yet'}`}
    >
      <FeatureTable
        monitor={monitor}
        standing={findings.filter(({ monitorId }) => monitorId === monitor.id)}
        limit={featuresShown}
      />
      {more > 0 && (
        <p className={s.calm}>
          <Link href={paths.driftMonitor(monitor.id)} prefetch={false} className="text-link">
            {more} more features
          </Link>
        </p>
      )}
    </Panel>
  )
}
