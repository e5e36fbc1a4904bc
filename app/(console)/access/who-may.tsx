import { actions, type Action } from '#lib/access/actions.ts'
import { explainWhy, listWhoMay, type Holder, type PersonHere, type WhyView } from '#lib/members/reads-access.ts'
import type { EnvironmentView } from '#lib/models/model.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { paths } from '../../paths.ts'
import { Button } from '../../_ui/button.tsx'
import { Panel } from '../../_ui/panel.tsx'
import { Status } from '../../_ui/status.tsx'
import s from './access.module.css'

export type Question = {
  action: Action
  environment: string | undefined
  label: string | undefined
  /** Whom it is asked about; undefined for the caller. */
  identityId: string | undefined
}
export type WhoMayProps = {
  ctx: Ctx
  question: Question
  people: readonly PersonHere[]
  environments: readonly EnvironmentView[]
}

const shownMax = 20

/** "Why may they, and who may?", answered by the very rules that decide. A GET form, so that an answer is an address. */
export async function WhoMay({ ctx, question, people, environments }: WhoMayProps) {
  const { action, environment, label, identityId } = question
  const scope = { action, ...(environment === undefined ? {} : { environment }), ...(label ? { label } : {}) }
  const [why, who] = await Promise.all([
    explainWhy(ctx, { ...scope, ...(identityId === undefined ? {} : { identityId }) }),
    listWhoMay(ctx, { ...scope, limit: shownMax }),
  ])
  return (
    <Panel title="Why may somebody do this, and who may" padded>
      <Ask ctx={ctx} question={question} people={people} environments={environments} />
      <Answer why={why} mine={why.identity.id === ctx.actorId} />
      <p className={s.answer}>
        <b>Who may:</b>{' '}
        {who.items.length === 0
          ? 'nobody here.'
          : `${who.items.map(shownHolder).join(', ')}${who.nextCursor ? ', …' : '.'}`}{' '}
        {who.nextCursor && <span className={s.quiet}>The first {who.items.length}; the API lists them all.</span>}
      </p>
    </Panel>
  )
}

function Ask({ ctx, question, people, environments }: WhoMayProps) {
  return (
    <form className={s.ask} action={paths.access()}>
      <label>
        Who
        <select name="who" defaultValue={question.identityId ?? ctx.actorId}>
          {people.map(({ identityId: id, name }) => (
            <option key={id} value={id}>
              {id === ctx.actorId ? `${name} (you)` : name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Action
        <select name="action" defaultValue={question.action}>
          {[...actions].sort().map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </label>
      <label>
        In
        <select name="environment" defaultValue={question.environment ?? ''}>
          <option value="">no environment</option>
          {environments.map((each) => (
            <option key={each.id}>{each.name}</option>
          ))}
        </select>
      </label>
      <label>
        Of a model with the label
        <input name="label" defaultValue={question.label} maxLength={63} placeholder="none" />
      </label>
      <Button type="submit">Ask</Button>
    </form>
  )
}

function Answer({ why, mine }: { why: WhyView; mine: boolean }) {
  const name = mine ? 'You' : why.identity.name
  return (
    <>
      <p className={s.answer}>
        <Status of={why.allowed ? 'pass' : 'fail'}>{`${name} may${why.allowed ? '' : ' not'}`}</Status>{' '}
        {why.missing?.because ?? `${why.because}.`}
      </p>
      <ul className={s.grants} aria-label="What is held, and what it does here">
        {why.grants.map((grant) => (
          <li key={`${grant.held.bindingId}-${grant.held.delegationId ?? ''}`} data-effect={grant.effect}>
            <span>
              {grant.because}
              {grant.held.delegatorId && ` (${why.delegators[grant.held.delegatorId] ?? 'somebody'})`}.
            </span>
            {grant.lines.map((line) => (
              <code key={line}>{line}</code>
            ))}
          </li>
        ))}
        {why.grants.length === 0 && <li>Holds no role in this workspace.</li>}
      </ul>
      {!why.allowed && (
        <p className={s.answer}>
          <b>Who could give it:</b>{' '}
          {why.givers.length === 0
            ? 'nobody here.'
            : `${why.givers.map((giver) => `${giver.name} (${giver.how})`).join(', ')}.`}
        </p>
      )}
      {why.action === 'approval:vote' && (
        <p className={s.quiet}>
          Roles are one half: whoever asked for a version, built it or ran its training does not decide on it, whatever
          their roles.
        </p>
      )}
    </>
  )
}

function shownHolder(holder: Holder): string {
  const [first] = holder.grants
  const via = first && first.held.via !== 'binding' ? `, by ${first.held.via}` : ''
  return `${holder.name} (${first?.held.role ?? ''}${via})`
}
