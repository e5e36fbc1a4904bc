import { isDeepStrictEqual } from 'node:util'

/** One value of the front matter that differs: absent on the side where it is undefined. */
export type FieldChange = { path: string; before?: unknown; after?: unknown }
export type LineChange = {
  kind: 'same' | 'removed' | 'added'
  text: string
  before: number | null
  after: number | null
}

const changesMax = 1_000
const editsMax = 600

/** The values in which two front matters differ, by path, in the order of the first and then of the second. */
export function diffFields(before: unknown, after: unknown): FieldChange[] {
  const changes: FieldChange[] = []
  collect('', before, after, changes)
  return changes
}

function collect(path: string, before: unknown, after: unknown, changes: FieldChange[]): void {
  if (changes.length >= changesMax || isDeepStrictEqual(before, after)) return
  if (isRecord(before) && isRecord(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
      collect(path === '' ? key : `${path}.${key}`, own(before, key), own(after, key), changes)
  } else if (
    Array.isArray(before) &&
    Array.isArray(after) &&
    [...before, ...after].some((v) => typeof v === 'object')
  ) {
    for (let i = 0; i < Math.max(before.length, after.length); i++)
      collect(`${path}[${i}]`, before[i] as unknown, after[i] as unknown, changes)
  } else {
    changes.push({
      path: path || '(all)',
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    })
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function own(record: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined
}

/**
 * The lines in which two texts differ: the shortest edit script (E. W. Myers, "An O(ND) Difference Algorithm and Its
 * Variations", 1986) between the lines that both begin and end with. Beyond 600 edits everything between is told as
 * removed and added: the answer stays true, only longer. Line numbers count from 1.
 */
export function diffLines(before: string, after: string): LineChange[] {
  const [a, b] = [linesOf(before), linesOf(after)]
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1
  let end = 0
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end += 1
  const kinds = [
    ...Array.from({ length: start }, () => 'same' as const),
    ...edit(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...Array.from({ length: end }, () => 'same' as const),
  ]
  let [i, j] = [0, 0]
  return kinds.map((kind): LineChange => {
    if (kind === 'removed') return { kind, text: a[i] ?? '', before: ++i, after: null }
    if (kind === 'added') return { kind, text: b[j] ?? '', before: null, after: ++j }
    return { kind, text: a[i] ?? '', before: ++i, after: ++j }
  })
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n')
}

type Kind = LineChange['kind']

function edit(a: readonly string[], b: readonly string[]): Kind[] {
  const trace = frontiers(a, b)
  if (!trace) return [...a.map(() => 'removed' as const), ...b.map(() => 'added' as const)]
  const kinds: Kind[] = []
  let [x, y] = [a.length, b.length]
  for (let d = trace.length - 1; d >= 0; d--) {
    const v = trace[d] ?? new Map<number, number>()
    const k = x - y
    const isDown = k === -d || (k !== d && (v.get(k - 1) ?? -1) < (v.get(k + 1) ?? -1))
    const from = d === 0 ? 0 : (v.get(isDown ? k + 1 : k - 1) ?? 0)
    const fromY = d === 0 ? 0 : from - (isDown ? k + 1 : k - 1)
    // Where the run of equal lines began that this round ended with: one step right or down of where it came from.
    const snakeX = d === 0 || isDown ? from : from + 1
    for (; x > snakeX; x -= 1) kinds.push('same')
    if (d > 0) kinds.push(isDown ? 'added' : 'removed')
    ;[x, y] = [from, fromY]
  }
  return kinds.reverse()
}

/** The furthest x on each diagonal before each round of edits, or undefined when there are too many. */
function frontiers(a: readonly string[], b: readonly string[]): Map<number, number>[] | undefined {
  let v = new Map<number, number>()
  const trace: Map<number, number>[] = []
  for (let d = 0; d <= Math.min(a.length + b.length, editsMax); d++) {
    trace.push(v)
    const next = new Map<number, number>()
    for (let k = -d; k <= d; k += 2) {
      const [left, right] = [v.get(k - 1) ?? -1, v.get(k + 1) ?? -1]
      let x = d === 0 ? 0 : k === -d || (k !== d && left < right) ? right : left + 1
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1
      next.set(k, x)
      if (x >= a.length && x - k >= b.length) return trace
    }
    v = next
  }
  return undefined
}
