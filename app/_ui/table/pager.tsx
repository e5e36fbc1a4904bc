import { ButtonLink } from '../button-link.tsx'
import { Icon } from '../icon.tsx'
import s from './table.module.css'

export type PagerProps = {
  /** The address of the rows before and after these, by keyset cursor; null at an end. */
  previousHref: string | null
  nextHref: string | null
  /** What is shown, e.g. "50 entries". */
  shown: string
}

export function Pager({ previousHref, nextHref, shown }: PagerProps) {
  return (
    <nav className={s.pager} aria-label="Pages">
      <span>{shown}</span>
      {previousHref && (
        <ButtonLink href={previousHref}>
          <Icon name="left" size={12} />
          Newer
        </ButtonLink>
      )}
      {nextHref && (
        <ButtonLink href={nextHref}>
          Older
          <Icon name="right" size={12} />
        </ButtonLink>
      )}
    </nav>
  )
}
