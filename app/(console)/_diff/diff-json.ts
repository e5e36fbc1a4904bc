export type Change = {
  path: string
  kind: 'added' | 'removed' | 'changed'
  before: string | null
  after: string | null
}

const changesMax = 400

/**
 * What differs between two JSON values, leaf by leaf in the order of their paths. Arrays are compared place by place, and an
 * absent value is not the same as null. At most 400 changes; `more` says how many were left out.
 */
export function diffJson(before: unknown, after: unknown): { changes: Change[]; more: number } {
  const [old, now] = [leavesOf(before), leavesOf(after)]
  const paths = [...new Set([...old.keys(), ...now.keys()])].sort(byPath)
  const changes = paths.flatMap((path): Change[] => {
    const [from, to] = [old.get(path) ?? null, now.get(path) ?? null]
    if (from === to) return []
    return [{ path, kind: from === null ? 'added' : to === null ? 'removed' : 'changed', before: from, after: to }]
  })
  return { changes: changes.slice(0, changesMax), more: Math.max(0, changes.length - changesMax) }
}

/** Every leaf by its path (`subject.evidence[0].metrics.auc`); empty objects and arrays are leaves too. */
function leavesOf(value: unknown): Map<string, string> {
  const leaves = new Map<string, string>()
  const open: { path: string; value: unknown }[] = value === undefined ? [] : [{ path: '', value }]
  for (let next = open.pop(); next; next = open.pop()) {
    const { path, value: here } = next
    const parts = partsOf(here)
    if (parts.length === 0) leaves.set(path, JSON.stringify(here))
    for (const [key, part] of parts) {
      if (part !== undefined) open.push({ path: joined(path, key, Array.isArray(here)), value: part })
    }
  }
  return leaves
}

function partsOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : []
}

function joined(path: string, key: string, inArray: boolean): string {
  if (inArray) return `${path}[${key}]`
  const plain = /^[A-Za-z_$][\w$-]*$/.test(key)
  if (!plain) return `${path}[${JSON.stringify(key)}]`
  return path === '' ? key : `${path}.${key}`
}

// Numbers in a path compare as numbers, so that [10] follows [9].
function byPath(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true }) || (a < b ? -1 : 1)
}
