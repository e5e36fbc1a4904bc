import { requireCtx } from '../../_server/session.ts'
import { ButtonLink } from '../../_ui/button-link.tsx'
import { Panel } from '../../_ui/panel.tsx'
import { Status } from '../../_ui/status.tsx'
import { Ago } from '../../_ui/time.tsx'
import { readNeeds } from './needs.ts'
import s from '../home.module.css'

const shownMax = 12

/** What needs the caller now, each with the verb on it. */
export async function Needs() {
  const ctx = await requireCtx()
  const nowMs = ctx.clock.now().getTime()
  const needs = await readNeeds(ctx)
  const rest = needs.length - shownMax
  return (
    <Panel title="Needs you now" aside={needs.length > 0 && String(needs.length)} live>
      {needs.length === 0 ? (
        <p className={s.calm}>Nothing waits for you. What changes is told here as it happens.</p>
      ) : (
        <ul className={s.needs}>
          {needs.slice(0, shownMax).map((need, index) => (
            <li key={need.id}>
              <span className={s.state}>
                <Status of={need.status}>{need.statusWords}</Status>
              </span>
              <div className={s.what}>
                <h3>{need.title}</h3>
                <p>{need.because}</p>
              </div>
              <span className={s.since}>
                <Ago atMs={need.since.getTime()} nowMs={nowMs} />
              </span>
              <ButtonLink href={need.href} kind={index === 0 ? 'primary' : 'default'}>
                {need.verb}
                <span className="sr">: {need.title}</span>
              </ButtonLink>
            </li>
          ))}
        </ul>
      )}
      {rest > 0 && <p className={s.calm}>And {rest} more, less urgent.</p>}
    </Panel>
  )
}
