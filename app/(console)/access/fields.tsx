import { roles } from '#lib/access/actions.ts'
import { delegableRoles } from '#lib/members/model-roles.ts'
import type { PersonHere } from '#lib/members/reads-access.ts'
import type { EnvironmentView } from '#lib/models/model.ts'
import s from './access.module.css'

/** Which role, and how far it reaches. */
export function ScopeFields(props: { environments: readonly EnvironmentView[]; delegable?: boolean }) {
  const offered = props.delegable ? delegableRoles : roles.filter((role) => role !== 'worker')
  return (
    <>
      <label>
        Role
        <select name="role" defaultValue={props.delegable ? 'approver' : 'viewer'}>
          {offered.map((role) => (
            <option key={role}>{role}</option>
          ))}
        </select>
      </label>
      <label>
        Only in
        <select name="environment" defaultValue="">
          <option value="">everywhere</option>
          {props.environments.map((each) => (
            <option key={each.id}>{each.name}</option>
          ))}
        </select>
      </label>
      <label>
        Only for models labelled
        <input name="label" maxLength={63} placeholder="any" />
      </label>
    </>
  )
}

/** One person or service among those who are here. */
export function MemberField(props: { name: string; label: string; people: readonly PersonHere[]; but?: string }) {
  const offered = props.people.filter(
    (m) => m.identityId !== props.but && (m.kind === 'person' || m.kind === 'service'),
  )
  return (
    <label>
      {props.label}
      <select name={props.name} required>
        {offered.map((m) => (
          <option key={m.identityId} value={m.identityId}>
            {m.name}
          </option>
        ))}
      </select>
    </label>
  )
}

/** A line of text. */
export function TextField(props: { name: string; label: string; placeholder: string; initial?: string }) {
  return (
    <label>
      {props.label}
      <input name={props.name} required maxLength={300} placeholder={props.placeholder} defaultValue={props.initial} />
    </label>
  )
}

/** Fields side by side, in a dialog's note, which may hold phrasing content only. */
export function Fields({ children }: { children: React.ReactNode }) {
  return <span className={s.fields}>{children}</span>
}
