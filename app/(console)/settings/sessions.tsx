import type { SessionView } from '#lib/members/reads-sessions.ts'
import { GovernedAction } from '../../_ui/dialog/governed-action.tsx'
import { EmptyState } from '../../_ui/states/empty-state.tsx'
import { DataTable, type Column } from '../../_ui/table/data-table.tsx'
import { Ago } from '../../_ui/time.tsx'
import { endSessionAction } from './actions.ts'
import { deviceOf } from './device.ts'

export type SessionsProps = {
  sessions: readonly SessionView[]
  /** The one that asks. */
  currentId: string | undefined
  nowMs: number
}

/** Where the person is signed in. */
export function Sessions({ sessions, currentId, nowMs }: SessionsProps) {
  return (
    <DataTable
      caption="Your sessions"
      columns={columnsOf(currentId, nowMs)}
      rows={sessions}
      rowKey={(row) => row.id}
      empty={
        <EmptyState icon="key" title="No session">
          You are signed out everywhere.
        </EmptyState>
      }
    />
  )
}

function columnsOf(currentId: string | undefined, nowMs: number): Column<SessionView>[] {
  return [
    {
      id: 'device',
      label: 'Where',
      rowHeader: true,
      cell: (row) => (row.id === currentId ? `${deviceOf(row.agent)} (here)` : deviceOf(row.agent)),
    },
    { id: 'issuer', label: 'Signed in with', wideOnly: true, cell: (row) => row.issuer ?? 'local persona' },
    {
      id: 'started',
      label: 'Since',
      numeric: true,
      wideOnly: true,
      widthPercent: 14,
      cell: (row) => <Ago atMs={row.startedAt.getTime()} nowMs={nowMs} />,
    },
    {
      id: 'seen',
      label: 'Last used',
      numeric: true,
      widthPercent: 20,
      cell: (row) => <Ago atMs={row.seenAt.getTime()} nowMs={nowMs} />,
    },
    {
      id: 'end',
      label: <span className="sr">Actions</span>,
      numeric: true,
      widthPercent: 20,
      cell: (row) => (
        <GovernedAction
          refusal={null}
          opener="End…"
          title={row.id === currentId ? 'End this very session?' : `End the session in ${deviceOf(row.agent)}?`}
          plan={[{ what: deviceOf(row.agent), from: 'signed in', to: 'signed out' }]}
          verb="End the session"
          action={endSessionAction}
          fields={{ sessionId: row.id }}
          reasonLengthMin={null}
        />
      ),
    },
  ]
}
