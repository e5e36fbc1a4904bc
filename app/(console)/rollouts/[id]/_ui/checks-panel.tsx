import type { RolloutDetail } from '#lib/rollouts/views.ts'
import type { MetricVerdict } from '#lib/rollouts/metric-verdict.ts'
import { formatCount, formatDuration } from '../../../../_ui/format.ts'
import { Hash } from '../../../../_ui/hash.tsx'
import { Panel } from '../../../../_ui/panel.tsx'
import { EmptyState } from '../../../../_ui/states/empty-state.tsx'
import { Status } from '../../../../_ui/status.tsx'
import { Ago } from '../../../../_ui/time.tsx'
import { intervalWords, marginOf, scaleOf, verdictStatus } from './words.ts'
import type { Observed } from './observed.ts'
import s from '../rollout.module.css'

export type ChecksProps = {
  rollout: RolloutDetail
  /** The newest look that judged metrics: between steps and after the end there is nothing to judge. */
  judged: Observed | null
  nowMs: number
}

/** Each metric's verdict at the newest look that judged any, with all that it rests on. */
export function ChecksPanel({ rollout: r, judged, nowMs }: ChecksProps) {
  return (
    <Panel
      live
      title={judged ? `Checks at ${judged.observation.observation.traffic.intendedCandidatePercent} %` : 'Checks'}
      aside={
        <>
          {r.policyName} <Hash digest={r.policyDigest} />
        </>
      }
    >
      {judged === null ? (
        <EmptyState icon="target" title="Nothing was judged yet">
          The first look comes when the candidate is ready and the first weight was read back.
        </EmptyState>
      ) : (
        <>
          <div className={s.scroll}>
            <table className={s.plain}>
              <caption className="sr">Checks of the newest look</caption>
              <thead>
                <tr>
                  <th scope="col">Metric</th>
                  <th scope="col">Verdict</th>
                  <th scope="col">Judged interval</th>
                  <th scope="col">Allowed</th>
                  <th scope="col" data-num="" data-wide="">
                    Samples
                  </th>
                  <th scope="col" data-num="" data-wide="">
                    Alpha
                  </th>
                </tr>
              </thead>
              <tbody>
                {judged.decision.metrics.map((metric) => (
                  <CheckRow key={metric.name} metric={metric} />
                ))}
              </tbody>
            </table>
          </div>
          <p className={s.note}>
            Decision: <b>{judged.decision.kind}</b>, <Ago atMs={judged.at.getTime()} nowMs={nowMs} />. Unless{' '}
            {judged.decision.unless}.
          </p>
        </>
      )}
    </Panel>
  )
}

function CheckRow({ metric }: { metric: MetricVerdict }) {
  const { unit, differenceUnit, factor, digits } = scaleOf(metric)
  const { words, absolute } = marginOf(metric)
  const { of, word } = verdictStatus[metric.verdict]
  const judged = absolute ? metric.candidate : metric.difference
  const isRatio = differenceUnit === '×'
  return (
    <tr>
      <th scope="row">
        {metric.name}
        {metric.critical && <small>critical</small>}
      </th>
      <td>
        <Status of={of}>{word}</Status>
      </td>
      <td>
        {metric.noDataBecause === null ? (
          <>
            {intervalWords(judged, absolute ? unit : differenceUnit, isRatio ? 1 : factor, digits)}
            <small>
              {absolute ? 'candidate' : isRatio ? 'candidate / stable' : 'candidate − stable'}; stable{' '}
              {intervalWords(metric.stable, unit, factor, isRatio ? 1 : digits)}, candidate{' '}
              {intervalWords(metric.candidate, unit, factor, isRatio ? 1 : digits)}
            </small>
          </>
        ) : (
          <>
            unknown<small>{metric.noDataBecause}</small>
          </>
        )}
      </td>
      <td>
        {words}
        {metric.labelDelaySeconds > 0 && (
          <small>labels come {formatDuration(metric.labelDelaySeconds * 1000)} later</small>
        )}
      </td>
      <td data-num="" data-wide="">
        {formatCount(metric.samples.candidate)}
        <small>stable {formatCount(metric.samples.stable)}</small>
      </td>
      <td data-num="" data-wide="">
        {Number(metric.alpha.toPrecision(2))}
      </td>
    </tr>
  )
}
