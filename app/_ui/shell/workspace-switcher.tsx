import Link from 'next/link'
import { Icon } from '../icon.tsx'
import s from './switcher.module.css'

export type Choice = { id: string; label: string; current: boolean }
export type EnvironmentChoice = { id: string; label: string; href: string; production: boolean }

export type WorkspaceSwitcherProps = {
  workspaces: readonly Choice[]
  /** The server action that moves to another workspace; it gets `workspace`, the id. */
  switchTo: (form: FormData) => Promise<void>
  /** Leads to what serves in each. */
  environments: readonly EnvironmentChoice[]
}

/** Where one is: the workspace, marked when things in it are of production. A list opens only where there is a choice. */
export function WorkspaceSwitcher({ workspaces, switchTo, environments }: WorkspaceSwitcherProps) {
  const workspace = workspaces.find((one) => one.current)
  const production = environments.filter((one) => one.production)
  const [first, ...more] = production
  const here = (
    <>
      <span className={s.name}>{workspace?.label ?? 'No workspace'}</span>
      {first && <EnvironmentMark label={more.length > 0 ? `${production.length} protected` : first.label} production />}
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
        <Workspaces choices={workspaces} switchTo={switchTo} />
        <Environments choices={environments} />
      </div>
    </details>
  )
}

function Workspaces({ choices, switchTo }: Pick<WorkspaceSwitcherProps, 'switchTo'> & { choices: readonly Choice[] }) {
  return (
    <form action={switchTo}>
      <p className={s.title} aria-hidden="true">
        Workspace
      </p>
      <ul aria-label="Workspace">
        {choices.map((choice) => (
          <li key={choice.id}>
            <button
              type="submit"
              name="workspace"
              value={choice.id}
              {...(choice.current ? { 'aria-current': 'true' as const } : {})}
            >
              {choice.label}
              {choice.current && <Icon name="check" size={12} />}
            </button>
          </li>
        ))}
      </ul>
    </form>
  )
}

function Environments({ choices }: { choices: readonly EnvironmentChoice[] }) {
  if (choices.length === 0) return null
  return (
    <>
      <p className={s.title} aria-hidden="true">
        Environments
      </p>
      <ul aria-label="Environments">
        {choices.map((choice) => (
          <li key={choice.id}>
            <Link href={choice.href} prefetch={false}>
              {choice.label}
              {choice.production && <EnvironmentMark label="protected" production />}
            </Link>
          </li>
        ))}
      </ul>
    </>
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
