import { Icon } from '../icon.tsx'
import type { Refusal } from '../permission-button.tsx'
import s from './states.module.css'

/** In place of what this person may not see: the rule that denies it and who can. */
export function NoPermission({ because, rule, who }: Refusal) {
  return (
    <div className={s.state}>
      <span className={s.icon}>
        <Icon name="lock" size={20} />
      </span>
      <p className={s.title}>{because}</p>
      <div className={s.text}>
        {rule && <p>Rule: {rule}</p>}
        {who && <p>{who}</p>}
      </div>
    </div>
  )
}
