import Link from 'next/link'
import { Icon } from '../icon.tsx'
import s from './switcher.module.css'

export type Choice = { id: string; label: string; href: string; current: boolean }

export type WorkspaceSwitcherProps = {
  workspaces: readonly Choice[]
  environments: readonly (Choice & { production: boolean })[]
}

/** Where one is: workspace and environment, production marked. A list opens only where there is a choice. */
export function WorkspaceSwitcher({ workspaces, environments }: WorkspaceSwitcherProps) {
  const workspace = workspaces.find((one) => one.current)
  const environment = environments.find((one) => one.current)
  const here = (
    <>
      <span className={s.name}>{workspace?.label ?? 'No workspace'}</span>
      <EnvironmentMark label={environment?.label ?? 'all'} production={environment?.production ?? false} />
    </>
  )
  if (workspaces.length + environments.length <= 2) return <div className={s.here}>{here}</div>
  return (
    <details className={s.switcher} name="switcher">
      <summary className={s.here}>
        {here}
        <Icon name="down" size={11} />
      </summary>
      <div className={s.menu}>
        <Choices title="Workspace" choices={workspaces} />
        <Choices title="Environment" choices={environments} />
      </div>
    </details>
  )
}

function Choices({ title, choices }: { title: string; choices: readonly Choice[] }) {
  return (
    <ul aria-label={title}>
      <li className={s.title} aria-hidden="true">
        {title}
      </li>
      {choices.map((choice) => (
        <li key={choice.id}>
          <Link href={choice.href} prefetch={false} {...(choice.current ? { 'aria-current': 'true' as const } : {})}>
            {choice.label}
            {choice.current && <Icon name="check" size={12} />}
          </Link>
        </li>
      ))}
    </ul>
  )
}

/** The environment's name; production stands out by fill, not by colour alone. */
export function EnvironmentMark({ label, production }: { label: string; production: boolean }) {
  return (
    <span className={s.environment} data-production={production ? '' : undefined}>
      {label}
    </span>
  )
}

/** Says that what is shown is the demonstration's data. */
export function DemoBadge({ children }: { children: string }) {
  return <span className={s.demo}>{children}</span>
}
