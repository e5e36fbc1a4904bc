import type { LikelyCause } from '#lib/drift/cause.ts'
import { Panel } from '../../../_ui/panel.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import s from './drift.module.css'

/** What the counts look like: a hint with the numbers that make it look so, never a finding of its own. */
export function Causes({ causes, of }: { causes: readonly LikelyCause[]; of: string }) {
  return (
    <Panel title="Likely cause" aside={of}>
      {causes.length === 0 ? (
        <EmptyState icon="question" title="None is apparent">
          Null rates, unknown or vanished values, a change of unit and constant values are looked for when a feature
          drifts.
        </EmptyState>
      ) : (
        <ul className={s.causes}>
          {causes.map((cause) => (
            <li key={cause.kind}>
              {cause.text}
              <small>
                {Object.entries(cause.evidence)
                  .map(([name, value]) => `${name} ${typeof value === 'number' ? Number(value.toPrecision(4)) : value}`)
                  .join(', ')}
              </small>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
