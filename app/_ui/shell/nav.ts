import { paths } from '../../paths.ts'
import type { IconName } from '../icon.tsx'

export type NavId =
  | 'home'
  | 'approvals'
  | 'models'
  | 'endpoints'
  | 'rollouts'
  | 'pipelines'
  | 'drift'
  | 'quality'
  | 'slos'
  | 'costs'
  | 'incidents'
  | 'runbooks'
  | 'audit'
  | 'access'
  | 'policies'
  | 'settings'

/** `jumpKey` is the letter after `g` that opens the page. */
export type NavItem = { id: NavId; href: string; label: string; icon: IconName; jumpKey: string }
export type NavGroup = { title: string; items: readonly NavItem[] }

/** The console's table of contents: rail, phone bar, palette and key help all read it. */
export const navGroups: readonly NavGroup[] = [
  {
    title: '',
    items: [
      { id: 'home', href: paths.home(), label: 'Home', icon: 'home', jumpKey: 'h' },
      { id: 'approvals', href: paths.approvals(), label: 'Approvals', icon: 'inbox', jumpKey: 'a' },
    ],
  },
  {
    title: 'Ship',
    items: [
      { id: 'models', href: paths.models(), label: 'Models', icon: 'cube', jumpKey: 'm' },
      { id: 'endpoints', href: paths.endpoints(), label: 'Endpoints', icon: 'server', jumpKey: 'e' },
      { id: 'rollouts', href: paths.rollouts(), label: 'Rollouts', icon: 'branch', jumpKey: 'r' },
      { id: 'pipelines', href: paths.pipelines(), label: 'Pipelines', icon: 'flow', jumpKey: 'p' },
    ],
  },
  {
    title: 'Watch',
    items: [
      { id: 'drift', href: paths.drift(), label: 'Drift', icon: 'wave', jumpKey: 'd' },
      { id: 'quality', href: paths.quality(), label: 'Quality', icon: 'target', jumpKey: 'q' },
      { id: 'slos', href: paths.slos(), label: 'SLOs', icon: 'gauge', jumpKey: 's' },
      { id: 'costs', href: paths.costs(), label: 'Costs', icon: 'coin', jumpKey: 'c' },
    ],
  },
  {
    title: 'Respond',
    items: [
      { id: 'incidents', href: paths.incidents(), label: 'Incidents', icon: 'fire', jumpKey: 'i' },
      { id: 'runbooks', href: paths.runbooks(), label: 'Runbooks', icon: 'book', jumpKey: 'b' },
    ],
  },
  {
    title: 'Govern',
    items: [
      { id: 'audit', href: paths.audit(), label: 'Audit', icon: 'list', jumpKey: 'u' },
      { id: 'access', href: paths.access(), label: 'Access', icon: 'key', jumpKey: 'x' },
      { id: 'policies', href: paths.policies(), label: 'Policies', icon: 'scroll', jumpKey: 'o' },
      { id: 'settings', href: paths.settings(), label: 'Settings', icon: 'sliders', jumpKey: 't' },
    ],
  },
]

const onPhoneBar: readonly NavId[] = ['home', 'approvals', 'rollouts', 'incidents']

/** What the bar at the bottom of a phone shows beside "More". */
export const phoneBarItems: readonly NavItem[] = navGroups
  .flatMap((group) => group.items)
  .filter((item) => onPhoneBar.includes(item.id))
