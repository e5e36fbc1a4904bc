import Link from 'next/link'
import { listEntries } from '#lib/audit/reads.ts'
import { refusalOf } from '../../_server/may.ts'
import { requireCtx } from '../../_server/session.ts'
import { paths } from '../../paths.ts'
import { Panel } from '../../_ui/panel.tsx'
import { EmptyState } from '../../_ui/states/empty-state.tsx'
import { NoPermission } from '../../_ui/states/no-permission.tsx'
import { EntryTable } from '../audit/entry-table.tsx'

const shownMax = 12
const dayMs = 86_400_000

/** What happened in the last 24 hours, newest first, from the audit log. */
export async function Today() {
  const ctx = await requireCtx()
  const denied = await refusalOf(ctx, 'audit:read')
  if (denied) {
    return (
      <Panel title="Changed today">
        <NoPermission {...denied} part />
      </Panel>
    )
  }
  const nowMs = ctx.clock.now().getTime()
  const { items } = await listEntries(ctx, { limit: 50 })
  const today = items.filter((entry) => nowMs - entry.time.getTime() <= dayMs)
  return (
    <Panel
      title="Changed today"
      live
      aside={
        <Link className="text-link" href={paths.audit()} prefetch={false}>
          Audit
        </Link>
      }
    >
      <EntryTable
        entries={today.slice(0, shownMax)}
        nowMs={nowMs}
        empty={
          <EmptyState icon="list" title="Nothing changed in the last 24 hours">
            Everything that people and machines do here is recorded in the audit log.
          </EmptyState>
        }
      />
    </Panel>
  )
}
