import { Icon } from '../icon.tsx'
import type { Refusal } from '../permission-button.tsx'
import s from './states.module.css'

export type NoPermissionProps = Refusal & {
  /** It stands in a page that has a title of its own; else this is the page's. */
  part?: boolean
}

/** In place of what this person may not see: the rule that denies it and who can. */
export function NoPermission({ because, rule, who, part = false }: NoPermissionProps) {
  return (
    <div className={s.state}>
      <span className={s.icon}>
        <Icon name="lock" size={20} />
      </span>
      {part ? <p className={s.title}>{because}</p> : <h1 className={s.title}>{because}</h1>}
      <div className={s.text}>
        {rule && <p>Rule: {rule}</p>}
        {who && <p>{who}</p>}
      </div>
    </div>
  )
}
