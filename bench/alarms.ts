/**
 * False alarms and delay of drift rules, simulated. Prints one JSON line per figure.
 *
 *   node bench/alarms.ts [runs=1] [seed=1]
 *
 * A run is a month: 30 features, 720 hourly windows, a reference of 10,000 rows cut at its own deciles. The world is
 * simulated in quantiles of the true distribution: the reference is 10,000 uniform draws; without drift a window is
 * M uniform draws, with drift the draws of a normal shifted by δ σ seen through the same quantiles. Every window is
 * drawn once per run on a grid of 200 reference quantiles; the deciles are sums of 20 of its cells, and KS runs on it.
 * All features are continuous. (Rare categories are the subject of bench/sparse.ts.)
 * "episodes a month" counts maximal runs of alarming windows, over all features; delay is in hours, of those found
 * within the month. The rule `product` is lib/drift itself, called hour by hour as the worker would.
 */
import { decideDrift } from '#lib/drift/decide.ts'
import { adjustPValues } from '#lib/drift/adjust.ts'
import type { FeatureProfile } from '#lib/drift/cells.ts'
import { jsDistance, psi, total } from '#lib/drift/divergence.ts'
import type { OpenFinding } from '#lib/drift/finding.ts'
import { parseDriftPolicy } from '#lib/drift/policy.ts'
import { chiSquareUpper, psiPValue } from '#lib/drift/significance.ts'

import { at, draw, generator, normalCdf, normalQuantile } from './simulation.ts'

const FEATURES = 30
const HOURS = 720
const REFERENCE_ROWS = 10_000
const FINE = 200
const CELLS = 10
const HOUR_MS = 3_600_000

const runs = Number(process.argv[2] ?? 1)
const seed = Number(process.argv[3] ?? 1)
if (!Number.isInteger(runs) || runs < 1 || runs > 1000 || !Number.isInteger(seed)) {
  console.error('usage: node bench/alarms.ts [runs 1..1000] [seed]')
  process.exit(2)
}

type Feature = { fine: number[]; deciles: number[]; edges: number[]; thresholdJs: number }
type World = { reference: Feature[]; fine: Uint32Array[][]; deciles: number[][][] }
type Outcome = { alarms: boolean[][] }

function decilesOf(fine: ArrayLike<number>): number[] {
  const deciles = Array.from({ length: CELLS }, () => 0)
  for (let i = 0; i < FINE; i++) {
    const cell = Math.floor((i * CELLS) / FINE)
    deciles[cell] = at(deciles, cell) + at(fine, i)
  }
  return deciles
}

/** Mean + 3σ of the JS distances of ten chunks of the reference, in the manner of NannyML. */
function chunkThreshold(sample: readonly number[], edges: readonly number[], deciles: readonly number[]): number {
  const distances = Array.from({ length: 10 }, (_, chunk) => {
    const counts = deciles.map(() => 0)
    for (const u of sample.slice(chunk * 1000, (chunk + 1) * 1000)) {
      const cell = edges.findLastIndex((e) => u >= e) + 1
      counts[cell] = at(counts, cell) + 1
    }
    return jsDistance(deciles, counts) ?? 0
  })
  const mean = distances.reduce((a, b) => a + b, 0) / 10
  return mean + 3 * Math.sqrt(distances.reduce((a, b) => a + (b - mean) ** 2, 0) / 10)
}

function simulate(rows: number, shift: number, random: () => number): World {
  const world: World = { reference: [], fine: [], deciles: [] }
  for (let f = 0; f < FEATURES; f++) {
    const sample = Array.from({ length: REFERENCE_ROWS }, random)
    const sorted = sample.toSorted((a, b) => a - b)
    const per = REFERENCE_ROWS / FINE
    const edges = Array.from({ length: FINE - 1 }, (_, i) => sorted[(i + 1) * per] as number)
    const deciles = Array.from({ length: CELLS }, () => REFERENCE_ROWS / CELLS)
    const decileEdges = edges.filter((_, i) => (i + 1) % (FINE / CELLS) === 0)
    const thresholdJs = chunkThreshold(sample, decileEdges, deciles)
    world.reference.push({ fine: edges.map(() => per).concat(per), deciles, edges: decileEdges, thresholdJs })
    const seen = shift === 0 ? edges : edges.map((e) => normalCdf(normalQuantile(e) - shift))
    const cumulative = Float64Array.from([...seen, 1])
    const windows = Array.from({ length: HOURS }, () => draw(cumulative, rows, random))
    world.fine.push(windows)
    world.deciles.push(windows.map(decilesOf))
  }
  return world
}

/** Asymptotic two-sample Kolmogorov–Smirnov p (the alternating series), the statistic taken on the fine grid. */
function ksP(reference: ArrayLike<number>, current: ArrayLike<number>, n: number, m: number): number {
  let a = 0
  let b = 0
  let d = 0
  for (let i = 0; i < FINE; i++) {
    a += (reference[i] as number) / n
    b += (current[i] as number) / m
    d = Math.max(d, Math.abs(a - b))
  }
  const x = d * Math.sqrt((n * m) / (n + m))
  if (x < 0.3) return 1
  let p = 0
  for (let k = 1; k <= 20; k++) p += 2 * (k % 2 === 1 ? 1 : -1) * Math.exp(-2 * k * k * x * x)
  return Math.min(1, Math.max(0, p))
}

/** χ² goodness of fit, the reference taken as exact. */
function goodnessP(reference: readonly number[], current: readonly number[], n: number, m: number): number {
  const statistic = reference.reduce((sum, r, i) => sum + ((current[i] ?? 0) - (r * m) / n) ** 2 / ((r * m) / n), 0)
  return chiSquareUpper(statistic, CELLS - 1)
}

const everyWindow = (test: (f: number, h: number) => boolean): Outcome => ({
  alarms: Array.from({ length: FEATURES }, (_, f) => Array.from({ length: HOURS }, (_, h) => test(f, h))),
})

/** The alarms of every rule; `psiOf` and `p` are of single hourly windows. */
function plainRules(world: World, rows: number): Record<string, Outcome> {
  const n = REFERENCE_ROWS
  const psiOf = world.deciles.map((w, f) =>
    w.map((c) => psi(at(world.reference, f).deciles, c, 'jeffreys')?.value ?? 0),
  )
  const p = psiOf.map((w) => w.map((value) => psiPValue(value, CELLS, n, rows)))
  const bh: number[][] = p.map(() => [])
  for (let h = 0; h < HOURS; h++) {
    for (const [f, value] of adjustPValues(
      p.map((w) => w[h] ?? 1),
      'bh',
    ).entries())
      at(bh, f)[h] = value
  }
  const lasting = (threshold: number) => {
    const hit = (f: number, h: number) => h >= 0 && at(at(psiOf, f), h) >= threshold && at(at(bh, f), h) < 0.01
    return everyWindow((f, h) => [0, 1, 2, 3, 4].filter((back) => hit(f, h - back)).length >= 3)
  }
  return {
    'psi > 0.1': everyWindow((f, h) => at(at(psiOf, f), h) > 0.1),
    'psi > 0.2': everyWindow((f, h) => at(at(psiOf, f), h) > 0.2),
    'p < 0.05': everyWindow((f, h) => at(at(p, f), h) < 0.05),
    'p < 0.05, benjamini-hochberg': everyWindow((f, h) => at(at(bh, f), h) < 0.05),
    // Two features in three are numeric (KS), one in three categorical (chi-square against an exact reference).
    'ks or chi-square p < 0.05': everyWindow((f, h) =>
      f % 3 === 2
        ? goodnessP(at(world.reference, f).deciles, at(at(world.deciles, f), h), n, rows) < 0.05
        : ksP(at(world.reference, f).fine, at(at(world.fine, f), h), n, rows) < 0.05,
    ),
    'js > mean + 3 sigma of ten chunks': everyWindow(
      (f, h) =>
        (jsDistance(at(world.reference, f).deciles, at(at(world.deciles, f), h)) ?? 0) >
        at(world.reference, f).thresholdJs,
    ),
    'psi >= 0.05 and bh p < 0.01, 3 of 5': lasting(0.05),
    'psi >= 0.1 and bh p < 0.01, 3 of 5': lasting(0.1),
  }
}

/** lib/drift hour by hour, with pooling, open findings and resumption. An alarm is an open finding. */
function productRule(world: World): Outcome {
  const policy = parseDriftPolicy('{apiVersion: quarterdeck/v1, kind: DriftPolicy, name: bench}')
  const features = world.reference.map((r, f): FeatureProfile => {
    const counts = [...r.deciles, 0, 0, 0, 0]
    return { name: `f${f}`, kind: 'numeric', edges: r.edges, values: [], tail: [], singletons: 0, counts }
  })
  const alarms = world.reference.map(() => Array.from({ length: HOURS }, () => false))
  const fromMs = world.reference.map(() => 0)
  const open = new Map<string, OpenFinding>()
  for (let now = 1; now <= HOURS; now++) {
    const first = Math.min(...fromMs) / HOUR_MS
    const windows = Array.from({ length: now - first }, (_, i) => ({
      startMs: (first + i) * HOUR_MS,
      endMs: (first + i + 1) * HOUR_MS,
    }))
    const series = features.map((feature, f) => ({
      key: feature.name,
      segment: null,
      feature,
      fromMs: at(fromMs, f),
      counts: at(world.deciles, f)
        .slice(first, now)
        .map((c) => [...c, 0, 0, 0, 0]),
    }))
    const { verdicts } = decideDrift({ windows, series, policy, open: [...open.values()] })
    for (const [f, { key, transition, resumeFromMs }] of verdicts.entries()) {
      if (transition?.kind === 'resolve') open.delete(key)
      else if (transition !== null) open.set(key, transition)
      fromMs[f] = resumeFromMs ?? 0
      at(alarms, f)[now - 1] = open.has(key)
    }
  }
  return { alarms }
}

function episodes({ alarms }: Outcome): number {
  return alarms.reduce((sum, hours) => sum + hours.filter((on, h) => on && hours[h - 1] !== true).length, 0)
}

function delays({ alarms }: Outcome): number[] {
  return alarms.map((hours) => hours.indexOf(true) + 1).filter((delay) => delay > 0)
}

function print(figure: string, value: number | null, unit: string, more: object): void {
  const rounded = value === null ? null : Number(value.toPrecision(4))
  console.log(JSON.stringify({ bench: 'alarms', figure, value: rounded, unit, ...more, runs, seed }))
}

function average(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length
}

const scenarios = [
  { rows: 50, shift: 0 },
  { rows: 500, shift: 0 },
  { rows: 5000, shift: 0 },
  { rows: 500, shift: 0.25 },
  { rows: 50, shift: 0.25 },
  { rows: 50, shift: 0.5 },
]

for (const [index, { rows, shift }] of scenarios.entries()) {
  const outcomes = new Map<string, Outcome[]>()
  for (let run = 0; run < runs; run++) {
    const world = simulate(rows, shift, generator(seed * 1_000_003 + run * 101 + index))
    if (total(at(at(world.deciles, 0), 0)) !== rows) throw new Error('a window lost rows')
    for (const [rule, outcome] of Object.entries({ ...plainRules(world, rows), product: productRule(world) })) {
      outcomes.set(rule, [...(outcomes.get(rule) ?? []), outcome])
    }
  }
  for (const [rule, list] of outcomes) {
    const more = { rule, rowsAnHour: rows, shiftSigma: shift }
    if (shift === 0) print('alarm episodes a month without drift', average(list.map(episodes)), 'episodes', more)
    else {
      const found = list.flatMap(delays).toSorted((a, b) => a - b)
      print('features found within a month', (100 * found.length) / (FEATURES * runs), 'percent', more)
      print('median delay', found[Math.floor(found.length / 2)] ?? null, 'hours', more)
    }
  }
}
