import { paths, withQuery } from '../paths.ts'
import { Icon } from '../_ui/icon.tsx'
import s from './sign-in.module.css'

export type ProvidersProps = {
  ways: readonly { name: string; title: string }[]
  /** The page that somebody wanted before they were asked to sign in. */
  returnTo: string | undefined
}

/** The company's identity providers. Plain links: they lead to another site, and nothing may fetch them ahead. */
export function Providers({ ways, returnTo }: ProvidersProps) {
  return (
    <ul className={s.providers} aria-label="Identity providers">
      {ways.map(({ name, title }) => (
        <li key={name}>
          <a href={withQuery(paths.signInStart(), { issuer: name, returnTo })}>
            Continue with {title}
            <Icon name="right" size={14} />
          </a>
        </li>
      ))}
    </ul>
  )
}
