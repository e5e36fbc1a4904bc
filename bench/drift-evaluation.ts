/**
 * How many monitors one core evaluates: the pure decision over a monitor's last windows, its counts already read. Prints one
 * JSON line per figure.
 *
 *   node bench/drift-evaluation.ts [monitors=400]
 *
 * A monitor has ten numeric features in deciles and five windows of 1,000 rows without drift, the usual case. The floor is
 * the bare PSI of each feature's newest window on the same counts in the same run; the ratio is to that floor.
 */
import { buildProfile } from '#lib/drift/profile.ts'
import { compileBinner, zeroCounts } from '#lib/drift/bin.ts'
import { decideDrift } from '#lib/drift/decide.ts'
import { psi } from '#lib/drift/divergence.ts'
import { parseDriftPolicy } from '#lib/drift/policy.ts'
import { readFileSync } from 'node:fs'
import { generator } from './simulation.ts'

const monitors = Number(process.argv[2] ?? 400)
if (!(monitors >= 10 && monitors <= 100_000)) {
  console.error('usage: node bench/drift-evaluation.ts [monitors 10..100000]')
  process.exit(2)
}

const random = generator(1)
const names = Array.from({ length: 10 }, (_, i) => `feature_${i}`)
const row = () => Object.fromEntries(names.map((name) => [name, random() * 1000]))
const reference = Array.from({ length: 10_000 }, row)
const profile = buildProfile(Object.fromEntries(names.map((name) => [name, reference.map((r) => r[name] ?? null)])))
const binner = compileBinner(profile)
const hourMs = 3_600_000
const windows = Array.from({ length: 5 }, (_, i) => ({ startMs: i * hourMs, endMs: (i + 1) * hourMs }))
const counted = windows.map(() => {
  const counts = zeroCounts(profile)
  for (let i = 0; i < 1_000; i++) binner.fold(row(), counts)
  return counts.cells.map((cells) => Array.from(cells))
})
const policy = parseDriftPolicy(readFileSync(new URL('../policies/drift/default.yaml', import.meta.url), 'utf8'))
const series = profile.features.map((feature, i) => ({
  key: feature.name,
  segment: null,
  feature,
  counts: counted.map((cells) => cells[i] ?? null),
}))

const decide = () => decideDrift({ windows, series, policy, open: [] })
const floor = () => profile.features.map((f, i) => psi(f.counts, counted.at(-1)?.[i] ?? [], 'jeffreys'))
const perSecond = (work: () => unknown) => {
  for (let i = 0; i < 20; i++) work()
  const startMs = performance.now()
  for (let i = 0; i < monitors; i++) work()
  return (monitors * 1000) / (performance.now() - startMs)
}

const floorRate = perSecond(floor)
const rate = perSecond(decide)
const line = (figure: string, value: number, unit: string, more: Record<string, unknown> = {}) =>
  console.log(JSON.stringify({ bench: 'drift-evaluation', figure, value: Number(value.toPrecision(4)), unit, ...more }))
line('bare PSI of ten features', floorRate, 'monitors/s')
line('decision over five windows', rate, 'monitors/s', {
  ratio: Number((rate / floorRate).toPrecision(3)),
  floor: 'bare PSI of ten features',
})
line('core used by 10,000 monitors a minute', (10_000 / rate / 60) * 100, '%')
