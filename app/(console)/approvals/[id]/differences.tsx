import { newestOf } from '#lib/approvals/check-evidence.ts'
import type { ApprovalSubject } from '#lib/approvals/model.ts'
import { Panel } from '../../../_ui/panel.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { compareMetrics } from '../../models/metrics.ts'
import { MetricTable } from '../../models/metric-table.tsx'

/** What would change: this version beside the one that served there when it was asked for. */
export function Differences({ subject }: { subject: ApprovalSubject }) {
  const { serving, version, environment } = subject
  // The evaluation that conditions are judged on, as for the serving version.
  const metrics = newestOf(subject.evidence, 'evaluation')?.metrics ?? {}
  return (
    <Panel
      title={serving ? `Beside ${serving.version}, which serves in ${environment.name}` : 'Metrics'}
      aside={serving ? undefined : `nothing serves in ${environment.name} yet`}
    >
      <MetricTable
        lines={compareMetrics(metrics, serving?.metrics ?? null)}
        version={version.version}
        serving={serving?.version ?? null}
        empty={
          <EmptyState icon="target" title="No metric was submitted">
            There is nothing to compare. Ask whoever submitted the version for its evaluation.
          </EmptyState>
        }
      />
    </Panel>
  )
}
