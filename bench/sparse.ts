/**
 * Size and power of the drift decision on sparse categories, simulated. Prints one JSON line per figure.
 *
 *   node bench/sparse.ts [trials=300] [seed=1]
 *
 * Categories follow Zipf's law; the reference has 10,000 rows. "size" is the share of windows without drift with
 * p < 0.05 (5 % would be exact), for the decision of lib/drift, for the plain PSI p over all cells and for Pearson's
 * chi-square. "power" is the decision's share of p < 0.01 when the fifth category gains 10 percentage points.
 */
import { compileBinner, zeroCounts } from '#lib/drift/bin.ts'
import { decisionP } from '#lib/drift/decision-p.ts'
import { psi, unionCells } from '#lib/drift/divergence.ts'
import { buildProfile } from '#lib/drift/profile.ts'
import { chiSquareHomogeneity, psiPValue } from '#lib/drift/significance.ts'

import { at, draw, generator } from './simulation.ts'

const REFERENCE_ROWS = 10_000
const trials = Number(process.argv[2] ?? 300)
const seed = Number(process.argv[3] ?? 1)
if (!Number.isInteger(trials) || trials < 1 || trials > 100_000 || !Number.isInteger(seed)) {
  console.error('usage: node bench/sparse.ts [trials 1..100000] [seed]')
  process.exit(2)
}

function zipf(levels: number, fifthGains: number): Float64Array {
  const weights = Array.from({ length: levels }, (_, i) => 1 / (i + 1))
  const sum = weights.reduce((a, b) => a + b, 0)
  let below = 0
  return Float64Array.from(weights, (w, i) => {
    below += (w / sum) * (1 - fifthGains) + (i === 4 ? fifthGains : 0)
    return i === levels - 1 ? 1 : below
  })
}

function trial(levels: number, rows: number, fifthGains: number, random: () => number) {
  const reference = draw(zipf(levels, 0), REFERENCE_ROWS, random)
  const column = Array.from(reference).flatMap((n, i) => Array.from({ length: n }, () => `v${i}`))
  const profile = buildProfile({ x: column })
  const feature = at(profile.features, 0)
  const into = zeroCounts(profile)
  const { fold } = compileBinner(profile)
  for (const [i, n] of draw(zipf(levels, fifthGains), rows, random).entries()) {
    for (let k = 0; k < n; k++) fold({ x: `v${i}` }, into)
  }
  const current = at(into.cells, 0)
  const plain = psi(feature.counts, current, 'jeffreys')?.value ?? 0
  const decision = decisionP(feature, current)
  return {
    decision: decision.kind === 'tested' ? decision.p : 1,
    plainPsi: psiPValue(plain, unionCells(feature.counts, current), REFERENCE_ROWS, rows),
    chiSquare: chiSquareHomogeneity(feature.counts, current)?.p ?? 1,
  }
}

for (const levels of [20, 200, 1000]) {
  for (const rows of [100, 500, 5000]) {
    const random = generator(seed * 7919 + levels * 31 + rows)
    const results = Array.from({ length: trials }, () => trial(levels, rows, 0, random))
    const jumped = Array.from({ length: Math.ceil(trials / 5) }, () => trial(levels, rows, 0.1, random))
    const print = (figure: string, hits: number, of: number) =>
      console.log(
        JSON.stringify({
          bench: 'sparse',
          figure,
          value: Number(((100 * hits) / of).toFixed(2)),
          unit: 'percent',
          levels,
          rows,
          trials: of,
          seed,
        }),
      )
    for (const rule of ['decision', 'plainPsi', 'chiSquare'] as const) {
      print(`size of ${rule}`, results.filter((r) => r[rule] < 0.05).length, trials)
    }
    print('power of decision', jumped.filter((r) => r.decision < 0.01).length, jumped.length)
  }
}
