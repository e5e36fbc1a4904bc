import Link from 'next/link'
import type { EndpointView } from '#lib/endpoints/model.ts'
import { paths } from '../../paths.ts'
import { Panel } from '../../_ui/panel.tsx'
import { EmptyState } from '../../_ui/states/empty-state.tsx'
import { EndpointTable } from '../endpoints/endpoint-table.tsx'
import { byHealth } from '../endpoints/words.ts'

const shownMax = 12

/** Every endpoint by health, worst first, intended beside observed. */
export function Fleet({ endpoints, nowMs }: { endpoints: readonly EndpointView[]; nowMs: number }) {
  const sorted = endpoints.toSorted(byHealth)
  return (
    <Panel
      title="Endpoints"
      live
      aside={
        <Link className="text-link" href={paths.endpoints()} prefetch={false}>
          {endpoints.length > shownMax ? `All ${endpoints.length}` : 'All endpoints'}
        </Link>
      }
    >
      <EndpointTable
        endpoints={sorted.slice(0, shownMax)}
        nowMs={nowMs}
        empty={
          <EmptyState icon="server" title="No endpoint yet">
            An endpoint is where one model serves in one environment. An operator or admin creates it.
          </EmptyState>
        }
      />
    </Panel>
  )
}
