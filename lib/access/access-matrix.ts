import { actions, roles, type Resource } from './actions.ts'
import { decideAccess, type Binding } from './decide.ts'
import type { AccessRules } from './rules.ts'

const workspaceId = 'ws_here'
/** What is acted on, by what it says of itself: the four kinds of thing that roles are judged against. */
const things: readonly [string, Partial<Resource>][] = [
  ['of the workspace', {}],
  ['of an environment', { environment: 'production' }],
  ['of a model', { labels: ['fraud'] }],
  ['of both', { environment: 'production', labels: ['fraud'] }],
]
/** How a role may be held, besides for the whole workspace. The last three are of somewhere else. */
const widths: readonly [string, Partial<Binding>][] = [
  ['whole', {}],
  ['env', { environment: 'production' }],
  ['label', { label: 'fraud' }],
  ['both', { environment: 'production', label: 'fraud' }],
  ['other-env', { environment: 'staging' }],
  ['other-label', { label: 'churn' }],
  ['elsewhere', { workspaceId: 'ws_there' }],
]

/**
 * The golden matrix, every cell asked of the decision itself. First a line an action, a column a role held for the whole
 * workspace. Then a line an action and kind of thing, and in each role's cell every width of holding it that is enough.
 */
export function accessMatrix(rules: AccessRules): string {
  const whole = table('action', actions, (action) => [
    action,
    roles.map((role) => (rules.allows(role, action) ? 'allow' : '-')),
  ])
  const rows = actions.flatMap((action) => things.map((thing) => ({ action, thing })))
  const narrowed = table('action, on a thing', rows, ({ action, thing: [name, thing] }) => {
    const on = { kind: 'thing', id: 'x', workspaceId, ...thing }
    const cells = roles.map((role) => {
      const enough = widths.filter(([, width]) => {
        const held = { role, workspaceId, environment: null, label: null, ...width }
        return decideAccess(rules, [held], action, on).allowed
      })
      return enough.length === 0 ? '-' : enough.map(([width]) => initials[width] ?? width).join('')
    })
    return [`${action} ${name}`, cells]
  })
  return `${whole}\n${legend}\n${narrowed}`
}

const initials: Record<string, string> = { whole: 'w', env: 'e', label: 'l', both: 'b' }
const legend = `# Narrowed roles: how a role has to be held to be enough for a thing in production of a model labelled fraud.
# w: for the whole workspace; e: only production; l: only fraud; b: only production and fraud; -: never.
# A role for staging, for churn or of another workspace would be written out, and is enough for none.`

function table<R>(corner: string, rows: readonly R[], cellsOf: (row: R) => [string, string[]]): string {
  const lines = rows.map(cellsOf)
  const width = Math.max(corner.length, ...lines.map(([name]) => name.length)) + 2
  const shown = [[corner, [...roles]] as [string, string[]], ...lines].map(([name, cells]) =>
    `${name.padEnd(width)}${cells.map((cell) => cell.padEnd(11)).join('')}`.trimEnd(),
  )
  return `${shown.join('\n')}\n`
}
