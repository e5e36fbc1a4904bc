import type { PersonHere } from '#lib/members/reads-access.ts'
import type { EnvironmentView } from '#lib/models/model.ts'
import { GovernedAction } from '../../_ui/dialog/governed-action.tsx'
import type { Refusal } from '../../_ui/permission-button.tsx'
import { bindAction, bindGroupAction, delegateAction, linkAction } from './actions.ts'
import { Fields, MemberField, ScopeFields, TextField } from './fields.tsx'

type Common = { refusal: Refusal | null; environments: readonly EnvironmentView[] }

/** Gives a person a role. */
export function GiveRole({ refusal, environments }: Common) {
  return (
    <GovernedAction
      refusal={refusal}
      opener="Give a role…"
      title="Give a person or service a role?"
      plan={[{ what: 'Yourself', to: 'a role of yours is given by another admin' }]}
      note={
        <Fields>
          <TextField name="name" label="Name" placeholder="Dana Okafor" />
          <TextField name="issuer" label="Issuer" placeholder="https://idp.example" />
          <TextField name="subject" label="Subject, as the issuer names them" placeholder="0f1e2d" />
          <ScopeFields environments={environments} />
        </Fields>
      }
      verb="Give the role"
      action={bindAction}
      reasonLengthMin={null}
    />
  )
}

/** Gives a group a role. */
export function GiveGroup({ refusal, environments }: Common) {
  return (
    <GovernedAction
      refusal={refusal}
      opener="Give a group a role…"
      title="Give everybody of a group a role?"
      plan={[{ what: 'Membership', to: 'as the last sign-in of each said, for thirty days' }]}
      note={
        <Fields>
          <TextField name="issuer" label="Issuer" placeholder="https://idp.example" />
          <TextField name="group" label="Group, as the issuer names it" placeholder="/risk/approvers" />
          <ScopeFields environments={environments} />
        </Fields>
      }
      verb="Give the role"
      action={bindGroupAction}
      reasonLengthMin={null}
    />
  )
}

/** Lets another stand in for the caller. */
export function Delegate({
  refusal,
  environments,
  people,
  actorId,
}: Common & { people: readonly PersonHere[]; actorId: string }) {
  return (
    <GovernedAction
      refusal={refusal}
      opener="Delegate a role…"
      title="Let somebody stand in for you?"
      plan={[
        { what: 'Your conflicts of interest', to: 'are theirs as well' },
        { what: 'Where people are counted', to: 'you are one together' },
      ]}
      note={
        <Fields>
          <MemberField name="delegateId" label="To" people={people} but={actorId} />
          <ScopeFields environments={environments} delegable />
          <label>
            For how many days
            <input name="days" type="number" min={1} max={30} defaultValue={7} required />
          </label>
        </Fields>
      }
      verb="Delegate"
      action={delegateAction}
      reasonLengthMin={3}
    />
  )
}

/** Says that two identities are one person. */
export function Link({ refusal, people }: { refusal: Refusal | null; people: readonly PersonHere[] }) {
  return (
    <GovernedAction
      refusal={refusal}
      opener="Link identities…"
      title="Are these two identities one person?"
      plan={[{ what: 'In quorums and separation of duties', from: 'two people', to: 'one' }]}
      note={
        <Fields>
          <MemberField name="identityId" label="This identity" people={people} />
          <MemberField name="otherId" label="and this one" people={people} />
        </Fields>
      }
      verb="Link them"
      action={linkAction}
      reasonLengthMin={3}
    />
  )
}
