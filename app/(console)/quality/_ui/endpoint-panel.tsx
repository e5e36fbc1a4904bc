import Link from 'next/link'
import type { EndpointView } from '#lib/endpoints/model.ts'
import { formatCount, formatPercent } from '../../../_ui/format.ts'
import { Unknown } from '../../../_ui/key-value.tsx'
import { Panel } from '../../../_ui/panel.tsx'
import { paths } from '../../../paths.ts'
import type { EndpointQuality } from './load.ts'
import { VersionTable } from './version-table.tsx'
import s from './quality.module.css'

/** What was measured at one endpoint, and how much of it still waits for labels. */
export function EndpointPanel({ endpoint, quality }: { endpoint: EndpointView; quality: EndpointQuality }) {
  const { rows, labelledShare, pending } = quality
  return (
    <Panel
      live
      title={
        <Link href={paths.qualityEndpoint(endpoint.id)} prefetch={false} className="text-link">
          {endpoint.name}
        </Link>
      }
      aside={`${endpoint.modelName} in ${endpoint.environment.name}`}
    >
      <VersionTable rows={rows} />
      <p className={s.pending}>
        Labelled share:{' '}
        {labelledShare === null ? (
          <Unknown because="no predictions were kept" />
        ) : (
          `${formatPercent(labelledShare.share, labelledShare.kept)} of ${formatCount(labelledShare.kept)} kept predictions`
        )}
        ; {formatCount(pending)} still wait for a label.
      </p>
    </Panel>
  )
}
