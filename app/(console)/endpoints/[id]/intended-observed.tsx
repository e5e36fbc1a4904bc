import type { ReactNode } from 'react'
import type { EndpointView } from '#lib/endpoints/model.ts'
import type { Weight } from '#lib/platform/ports/traffic.ts'
import { KeyValue, Unknown } from '../../../_ui/key-value.tsx'
import { Columns, Panel } from '../../../_ui/panel.tsx'
import { Status } from '../../../_ui/status.tsx'
import { TrafficSplit } from '../../../_ui/step-list.tsx'
import { Ago } from '../../../_ui/time.tsx'
import { asIntended, versionName } from '../words.ts'
import s from './endpoint.module.css'

type Props = { endpoint: EndpointView; freshness: ReactNode; nowMs: number }

/** What is meant to serve, beside what was read back from the data plane. */
export function IntendedAndObserved({ endpoint, freshness, nowMs }: Props) {
  const { observed, intended } = endpoint
  const traffic = observed?.traffic
  const same = asIntended(endpoint)
  return (
    <Columns>
      <Panel title="Intended" padded>
        <Split weights={intended} endpoint={endpoint} none="Nothing: no version was deployed." />
        <KeyValue
          items={[
            { label: 'Stable', value: endpoint.stable?.version ?? 'none' },
            { label: 'Candidate', value: endpoint.candidate?.version ?? 'none' },
          ]}
        />
      </Panel>
      <Panel title="Observed" aside={freshness} padded live>
        {traffic ? (
          <>
            <Split weights={traffic.weights} endpoint={endpoint} none="No version gets traffic." />
            <KeyValue
              items={[
                {
                  label: 'Verdict',
                  value: same ? (
                    <Status of="verified">As intended</Status>
                  ) : (
                    <Status of="degraded">Not as intended</Status>
                  ),
                },
                { label: 'Generation', value: String(traffic.generation) },
                ...(traffic.otherManager ? [{ label: 'Also written by', value: traffic.otherManager }] : []),
                ...(traffic.breaker
                  ? [
                      {
                        label: 'Breaker',
                        value: (
                          <Status of="rolled-back">
                            tripped <Ago atMs={traffic.breaker.trippedAt} nowMs={nowMs} />: {traffic.breaker.because}
                          </Status>
                        ),
                      },
                    ]
                  : []),
              ]}
            />
          </>
        ) : (
          <Unknown because={observed?.missing ?? 'nothing was read back yet'} />
        )}
      </Panel>
    </Columns>
  )
}

type SplitProps = { weights: readonly Weight[]; endpoint: EndpointView; none: string }

function Split({ weights, endpoint, none }: SplitProps) {
  const parts = weights.filter((w) => w.percent > 0)
  if (parts.length === 0) return <p className={s.none}>{none}</p>
  return (
    <div className={s.split}>
      <TrafficSplit
        parts={parts.map((w) => ({
          label: versionName(w.versionId, endpoint),
          percent: w.percent,
          role: w.versionId === endpoint.candidate?.versionId ? 'candidate' : 'baseline',
        }))}
      />
    </div>
  )
}
