import { actions } from '#lib/access/actions.ts'
import type { Member } from '../../../_server/refusal.ts'
import { paths } from '../../../paths.ts'
import { Button } from '../../../_ui/button.tsx'
import { ButtonLink } from '../../../_ui/button-link.tsx'
import { ranges } from '../range.ts'
import s from '../audit.module.css'

type Keep = Partial<
  Record<'q' | 'action' | 'actor' | 'resource' | 'request' | 'from' | 'to' | 'outcome', string | undefined>
>

/** A GET form, so that a search is an address and works without script. */
export function AuditFilters({ keep, members }: { keep: Keep; members: readonly Member[] }) {
  const people = [...new Map(members.map((m) => [m.identityId, m.name]))]
  const custom = keep.from !== undefined && !ranges.some((range) => range.from === keep.from)
  return (
    <search>
      <form className={s.filters} action={paths.audit()}>
        {keep.outcome !== undefined && <input type="hidden" name="outcome" value={keep.outcome} />}
        {keep.to !== undefined && <input type="hidden" name="to" value={keep.to} />}
        <label>
          Text
          <input name="q" type="search" defaultValue={keep.q} maxLength={200} placeholder="in reason or values" />
        </label>
        <label>
          Action
          <select name="action" defaultValue={keep.action ?? ''}>
            <option value="">Any action</option>
            {[...actions].sort().map((action) => (
              <option key={action}>{action}</option>
            ))}
          </select>
        </label>
        <label>
          Who
          <select name="actor" defaultValue={keep.actor ?? ''}>
            <option value="">Anybody</option>
            {keep.actor !== undefined && !people.some(([id]) => id === keep.actor) && (
              <option value={keep.actor}>{keep.actor}</option>
            )}
            {people.map(([id, name]) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          Thing
          <input name="resource" defaultValue={keep.resource} maxLength={200} placeholder="id, such as ep_…" />
        </label>
        <label>
          Request
          <input name="request" defaultValue={keep.request} maxLength={200} placeholder="id, such as req_…" />
        </label>
        <label>
          When
          <select name="from" defaultValue={keep.from ?? ''}>
            {custom && <option value={keep.from}>since {keep.from}</option>}
            {ranges.map((range) => (
              <option key={range.from} value={range.from}>
                {range.label}
              </option>
            ))}
          </select>
        </label>
        <Button type="submit">Search</Button>
        {Object.values(keep).some((value) => value !== undefined) && (
          <ButtonLink href={paths.audit()} kind="quiet">
            Clear
          </ButtonLink>
        )}
      </form>
    </search>
  )
}
