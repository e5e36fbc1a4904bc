import type { CostLineView, CostShare, UnpricedView } from '#lib/costs/model.ts'
import { formatCount } from '../../../_ui/format.ts'
import { Unknown } from '../../../_ui/key-value.tsx'
import { DataTable, type Column } from '../../../_ui/table/data-table.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { Mark } from '../../../_ui/status.tsx'
import { money } from './money.ts'

type Names = (versionId: string) => string
export type VersionCost = CostShare & { versionId: string; serves: 'stable' | 'candidate' | null }

const incomplete = 'not all of it has a price'

/** A cost that is known, or that it is not and why. */
export function Amount({ share, currency }: { share: CostShare; currency: string }) {
  return share.complete ? money(share.amount, currency) : <Unknown because={incomplete} />
}

/** The cost of a thousand requests. */
export function UnitCost({ share, currency }: { share: CostShare; currency: string }) {
  if (share.perThousandRequests !== null) return money(share.perThousandRequests, currency)
  return <Unknown because={share.requests === 0 ? 'no requests' : incomplete} />
}

export function VersionCosts({
  rows,
  names,
  currency,
}: {
  rows: readonly VersionCost[]
  names: Names
  currency: string
}) {
  return (
    <DataTable
      caption="Costs by version"
      columns={versionColumns(names, currency)}
      rows={rows}
      rowKey={(row) => row.versionId}
      empty={<NoUsage />}
    />
  )
}

function versionColumns(names: Names, currency: string): Column<VersionCost>[] {
  return [
    {
      id: 'version',
      label: 'Version',
      rowHeader: true,
      cell: (row) => (
        <>
          {names(row.versionId)}{' '}
          {row.serves && (
            <Mark glyph={row.serves === 'stable' ? 'dot' : 'half'} hue={row.serves === 'stable' ? 'ok' : 'info'}>
              {row.serves}
            </Mark>
          )}
        </>
      ),
    },
    { id: 'requests', label: 'Requests', numeric: true, cell: (row) => formatCount(row.requests) },
    { id: 'cost', label: 'Cost', numeric: true, cell: (row) => <Amount share={row} currency={currency} /> },
    {
      id: 'unit',
      label: 'Per 1,000 requests',
      numeric: true,
      cell: (row) => <UnitCost share={row} currency={currency} />,
    },
  ]
}

export function MeterCosts({
  rows,
  names,
  currency,
}: {
  rows: readonly CostLineView[]
  names: Names
  currency: string
}) {
  return (
    <DataTable
      caption="Costs by version and meter"
      columns={meterColumns(names, currency)}
      rows={rows}
      rowKey={(row) => `${row.versionId} ${row.meter} ${row.unitPrice}`}
      empty={<NoUsage />}
    />
  )
}

function meterColumns(names: Names, currency: string): Column<CostLineView>[] {
  return [
    { id: 'meter', label: 'Meter', rowHeader: true, cell: (row) => `${names(row.versionId)}, ${row.meter}` },
    {
      id: 'quantity',
      label: 'Quantity',
      numeric: true,
      cell: (row) => `${quantity(row.quantity)}\u00a0${row.unit}${row.quantity === '1' ? '' : 's'}`,
    },
    { id: 'price', label: 'Unit price', numeric: true, wideOnly: true, cell: (row) => money(row.unitPrice, currency) },
    {
      id: 'source',
      label: 'Price from',
      wideOnly: true,
      cell: (row) => <span title={row.provenance.note}>{row.provenance.source}</span>,
    },
    { id: 'amount', label: 'Cost', numeric: true, cell: (row) => money(row.amount, currency) },
  ]
}

type UnpricedProps = { rows: readonly UnpricedView[]; names: Names; endpoints: ReadonlyMap<string, string> }

/** Usage whose cost is not known: first on the page, never counted as nothing. */
export function UnpricedUsage({ rows, names, endpoints }: UnpricedProps) {
  return (
    <DataTable
      caption="Usage without a cost"
      columns={unpricedColumns(names, endpoints)}
      rows={rows}
      rowKey={(row) => `${row.endpointId} ${row.versionId} ${row.meter} ${row.because}`}
      empty={null}
    />
  )
}

function unpricedColumns(names: Names, endpoints: UnpricedProps['endpoints']): Column<UnpricedView>[] {
  return [
    {
      id: 'meter',
      label: 'Usage',
      rowHeader: true,
      widthPercent: 34,
      cell: (row) => `${endpoints.get(row.endpointId) ?? row.endpointId} ${names(row.versionId)}, ${row.meter}`,
    },
    {
      id: 'quantity',
      label: 'Quantity',
      numeric: true,
      widthPercent: 18,
      wideOnly: true,
      cell: (row) => (row.quantity === null ? <Unknown because="not measured" /> : quantity(row.quantity)),
    },
    { id: 'because', label: 'Why its cost is unknown', cell: ({ because }) => <span title={because}>{because}</span> },
  ]
}

function NoUsage() {
  return (
    <EmptyState icon="coin" title="No usage in this time">
      Requests and CPU seconds are counted when the data plane&apos;s events arrive. Choose a longer time, or send
      requests.
    </EmptyState>
  )
}

function quantity(text: string): string {
  const [whole = '0', fraction = ''] = text.split('.')
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, ',')
  return fraction === '' ? grouped : `${grouped}.${fraction.slice(0, 1)}`
}
