import type { ReactNode } from 'react'
import { Icon } from '../icon.tsx'
import { Logo } from './logo.tsx'
import { navGroups, phoneBarItems, type NavId, type NavItem } from './nav.ts'
import { NavLink } from './nav-link.tsx'
import { ThemeToggle } from './theme-toggle.tsx'
import s from './shell.module.css'

export type NavCounts = Partial<Record<NavId, number>>
export type ShellUser = { name: string; role: string; signOut?: ReactNode }

export type ShellProps = {
  children: ReactNode
  /** The switcher of workspace and environment. */
  workspace?: ReactNode
  /** The time range and the search, when a page has them. */
  tools?: ReactNode
  /** What the person was told and has not read. */
  bell?: ReactNode
  /** The state of the live stream. */
  live?: ReactNode
  /** Says that the data is a demonstration's. */
  demo?: ReactNode
  /** Absent while nobody is signed in. */
  user?: ShellUser | undefined
  /** What waits for this person, by page; zero shows nothing. */
  counts?: NavCounts
}

/** The frame of every page: rail and top bar; on phones a bar at the bottom whose last entry opens the whole list. */
export function Shell({ children, workspace, tools, bell, live, demo, user, counts = {} }: ShellProps) {
  return (
    <div className={s.shell}>
      <a className={s.skip} href="#main">
        Skip to content
      </a>
      <nav aria-label="Main" className={s.rail}>
        <div className={s.brand}>
          <Logo />
          Quarterdeck
        </div>
        {workspace && <div className={s.workspace}>{workspace}</div>}
        <div className={s.nav}>
          <NavList counts={counts} />
        </div>
        <UserBlock user={user} />
      </nav>
      <div className={s.column}>
        <header className={s.top}>
          <span className={s.topBrand}>
            <Logo />
            <span className="sr">Quarterdeck</span>
          </span>
          {tools}
          <span className={s.push} />
          {demo}
          {live}
          {bell}
        </header>
        <main id="main" className={s.main} tabIndex={-1}>
          {children}
        </main>
      </div>
      <PhoneBar counts={counts} workspace={workspace} user={user} />
    </div>
  )
}

function NavList({ counts }: { counts: NavCounts }) {
  return navGroups.map((group) => (
    <div key={group.title} className={s.group}>
      {group.title && (
        <p className={s.groupTitle} aria-hidden="true">
          {group.title}
        </p>
      )}
      <ul {...(group.title ? { 'aria-label': group.title } : {})}>
        {group.items.map((item) => (
          <li key={item.id}>
            <NavEntry item={item} count={counts[item.id] ?? 0} className={s.link} />
          </li>
        ))}
      </ul>
    </div>
  ))
}

function NavEntry({ item, count, className }: { item: NavItem; count: number; className: string | undefined }) {
  return (
    <NavLink href={item.href} className={className}>
      <Icon name={item.icon} />
      {item.label}
      {count > 0 && (
        <span className={s.count}>
          {count}
          <span className="sr"> waiting for you</span>
        </span>
      )}
    </NavLink>
  )
}

function UserBlock({ user }: { user: ShellUser | undefined }) {
  return (
    <div className={s.user}>
      {user && (
        <>
          <span className={s.avatar} aria-hidden="true">
            {initials(user.name)}
          </span>
          <span className={s.who}>
            {user.name}
            <small>{user.role}</small>
          </span>
          {user.signOut}
        </>
      )}
      {!user && <span className={s.push} />}
      <ThemeToggle />
    </div>
  )
}

function PhoneBar({ counts, workspace, user }: Pick<ShellProps, 'workspace' | 'user'> & { counts: NavCounts }) {
  return (
    <>
      <nav aria-label="Main, phone" className={s.bar}>
        {phoneBarItems.map((item) => (
          <NavEntry key={item.id} item={item} count={counts[item.id] ?? 0} className={s.barItem} />
        ))}
        <button type="button" className={s.barItem} popoverTarget="all-pages">
          <Icon name="more" />
          More
        </button>
      </nav>
      <dialog id="all-pages" popover="auto" className={s.sheet} aria-label="All pages">
        {workspace && <div className={s.workspace}>{workspace}</div>}
        <div className={s.sheetNav}>
          <NavList counts={counts} />
        </div>
        <UserBlock user={user} />
      </dialog>
    </>
  )
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/)
  const last = words.length > 1 ? words.at(-1) : undefined
  return `${words[0]?.charAt(0) ?? ''}${last?.charAt(0) ?? ''}`.toUpperCase()
}
