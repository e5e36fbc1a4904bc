import { can, type DeliveryState, type DeliveryView } from '#lib/notifications/model.ts'
import { GovernedAction } from '../../../_ui/dialog/governed-action.tsx'
import { Panel } from '../../../_ui/panel.tsx'
import type { Refusal } from '../../../_ui/permission-button.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { Status, type StatusOf } from '../../../_ui/status.tsx'
import { DataTable, type Column } from '../../../_ui/table/data-table.tsx'
import { Ago } from '../../../_ui/time.tsx'
import { retryDeliveryAction } from './actions.ts'
import s from './notifications.module.css'

const states: Record<DeliveryState, { of: StatusOf; word: string }> = {
  waiting: { of: 'pending', word: 'Waiting' },
  delivered: { of: 'finished', word: 'Delivered' },
  dropped: { of: 'muted', word: 'Not sent' },
  dead: { of: 'failed', word: 'Given up' },
}

export type DeliveriesProps = { deliveries: readonly DeliveryView[]; nowMs: number; retryRefusal: Refusal | null }

/** What went out, what waits and what was given up, with why. */
export function Deliveries({ deliveries, nowMs, retryRefusal }: DeliveriesProps) {
  return (
    <Panel title="Deliveries" aside="the newest 50" live>
      <div className={s.deliveries}>
        <DataTable
          caption="Deliveries, newest first"
          columns={columns(nowMs, retryRefusal)}
          rows={deliveries}
          rowKey={(delivery) => delivery.id}
          empty={
            <EmptyState icon="bell" title="Nothing was sent out yet">
              Mail and webhooks are listed here with every attempt, once there is a channel and somebody who wants them.
            </EmptyState>
          }
        />
      </div>
    </Panel>
  )
}

function columns(nowMs: number, retryRefusal: Refusal | null): Column<DeliveryView>[] {
  return [
    {
      id: 'to',
      label: 'To',
      rowHeader: true,
      widthPercent: 22,
      cell: ({ channel, recipient }) => (recipient ? `${recipient.name} by ${channel.name}` : channel.name),
    },
    {
      id: 'state',
      label: 'State',
      widthPercent: 13,
      cell: ({ state }) => <Status of={states[state].of}>{states[state].word}</Status>,
    },
    { id: 'because', label: 'Why', cell: ({ because }) => because },
    {
      id: 'attempts',
      label: 'Attempts',
      numeric: true,
      widthPercent: 9,
      wideOnly: true,
      cell: ({ attempts }) => attempts,
    },
    {
      id: 'when',
      label: 'Made',
      numeric: true,
      widthPercent: 10,
      wideOnly: true,
      cell: ({ createdAt }) => <Ago atMs={createdAt.getTime()} nowMs={nowMs} />,
    },
    {
      id: 'retry',
      label: <span className="sr">Action</span>,
      widthPercent: 14,
      cell: (delivery) =>
        can.retry(delivery).allowed && (
          <GovernedAction
            refusal={retryRefusal}
            opener="Try again…"
            title="Try this delivery again?"
            plan={[{ what: 'Delivery', from: 'given up', to: 'waiting' }]}
            note={delivery.because}
            verb="Try again"
            action={retryDeliveryAction}
            fields={{ deliveryId: delivery.id }}
            reasonLengthMin={3}
          />
        ),
    },
  ]
}
