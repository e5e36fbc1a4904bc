import { actions, type Action } from '#lib/access/actions.ts'
import type { EnvironmentView } from '#lib/models/model.ts'
import { whetherAllowed } from '#lib/members/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { holdersOf, type Member, type Scope } from '../../_server/refusal.ts'
import { paths } from '../../paths.ts'
import { Button } from '../../_ui/button.tsx'
import { Panel } from '../../_ui/panel.tsx'
import { Status } from '../../_ui/status.tsx'
import s from './access.module.css'

export type WhoMayProps = {
  ctx: Ctx
  action: Action
  environment: string | undefined
  label: string | undefined
  members: readonly Member[]
  environments: readonly EnvironmentView[]
}

/** "Why may I, and who may?", answered by the very rules that decide. A GET form, so that an answer is an address. */
export async function WhoMay({ ctx, action, environment, label, members, environments }: WhoMayProps) {
  const scope: Scope = {
    ...(environment === undefined ? {} : { environment }),
    ...(label === undefined ? {} : { labels: [label] }),
  }
  const decision = await whetherAllowed(ctx, action, scope)
  const holders = holdersOf(members, decision.rolesThatMay, scope)
  return (
    <Panel title="Who may, and why" padded>
      <form className={s.ask} action={paths.access()}>
        <label>
          Action
          <select name="action" defaultValue={action}>
            {[...actions].sort().map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
        <label>
          In
          <select name="environment" defaultValue={environment ?? ''}>
            <option value="">the whole workspace</option>
            {environments.map((each) => (
              <option key={each.id}>{each.name}</option>
            ))}
          </select>
        </label>
        <label>
          For models with the label
          <input name="label" defaultValue={label} maxLength={63} placeholder="any" />
        </label>
        <Button type="submit">Ask</Button>
      </form>
      <p className={s.answer}>
        <Status of={decision.allowed ? 'pass' : 'fail'}>{decision.allowed ? 'You may' : 'You may not'}</Status>{' '}
        {decision.because}.
      </p>
      <p className={s.answer}>
        <b>Who may:</b>{' '}
        {holders.length === 0 ? 'nobody here.' : `${holders.map((m) => `${m.name} (${m.role})`).join(', ')}.`}{' '}
        <span className={s.quiet}>
          {decision.rolesThatMay.length === 0
            ? 'No role allows it.'
            : `Roles that allow it: ${decision.rolesThatMay.join(', ')}.`}
        </span>
      </p>
    </Panel>
  )
}
