/**
 * Simulates the sequential verdict and two rules that peers use, and prints one JSON line per row of the reference table
 * and per way of counting in the Simpson scenario. An interval is 950 stable and 50 candidate requests; the verdict is
 * asked for after every interval, 120 times. `--runs 2000` is the full table and the default (about 10 s), `--seed` another stream.
 */
import { parseArgs } from 'node:util'
import { judgeProportion } from '#lib/rollouts/verdict.ts'
import type { Counts } from '#lib/rollouts/confidence-sequence.ts'

type Row = { stableRate: number; candidateRate: number; by: number; reference: Reference }
type Reference = {
  failShare: number
  failMedian: number | null
  passMedian: number | null
  zTest: number
  threshold: number
}
type Source = () => number

const alpha = 0.05
const intervals = 120
const stablePerInterval = 950
const candidatePerInterval = 50

// The figures that the design gives for 2,000 runs.
const rows: Row[] = [
  { stableRate: 0.005, candidateRate: 0.005, by: 0.01, reference: figures(0, null, 38, 0.14, 1) },
  { stableRate: 0.05, candidateRate: 0.05, by: 0.02, reference: figures(0, null, 60, 0.25, 1) },
  { stableRate: 0.005, candidateRate: 0.03, by: 0.01, reference: figures(1, 34, null, 1, 1) },
  { stableRate: 0.005, candidateRate: 0.05, by: 0.01, reference: figures(1, 8, null, 1, 1) },
  { stableRate: 0.005, candidateRate: 0.1, by: 0.01, reference: figures(1, 2, null, 1, 1) },
]

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '2000' }, seed: { type: 'string', default: '1' } },
})
const runs = readInteger('runs', values.runs, 1, 100_000)
const random = mulberry32(readInteger('seed', values.seed, 0, 2 ** 32 - 1))

for (const row of rows) console.log(JSON.stringify(simulateRow(row)))
for (const counting of ['pooled', 'fresh'] as const) console.log(JSON.stringify(simulateSimpson(counting)))

function figures(
  failShare: number,
  failMedian: number | null,
  passMedian: number | null,
  zTest: number,
  threshold: number,
): Reference {
  return { failShare, failMedian, passMedian, zTest, threshold }
}

function simulateRow(row: Row): object {
  const drawStable = binomial(stablePerInterval, row.stableRate)
  const drawCandidate = binomial(candidatePerInterval, row.candidateRate)
  const fails: number[] = []
  const passes: number[] = []
  let zFails = 0
  let thresholdFails = 0
  for (let run = 0; run < runs; run += 1) {
    const outcome = simulateRun(row, drawStable, drawCandidate)
    if (outcome.verdict === 'fail') fails.push(outcome.at)
    if (outcome.verdict === 'pass') passes.push(outcome.at)
    if (outcome.hasZFailed) zFails += 1
    if (outcome.hasThresholdFailed) thresholdFails += 1
  }
  const { stableRate, candidateRate, by, reference } = row
  return {
    bench: 'verdict',
    stableRate,
    candidateRate,
    margin: by,
    runs,
    failShare: fails.length / runs,
    passShare: passes.length / runs,
    failMedian: median(fails),
    passMedian: median(passes),
    zTestFailShare: zFails / runs,
    thresholdFailShare: thresholdFails / runs,
    reference,
  }
}

function simulateRun(
  { stableRate, by }: Row,
  drawStable: Source,
  drawCandidate: Source,
): { verdict: string; at: number; hasZFailed: boolean; hasThresholdFailed: boolean } {
  const stable: Counts = { n: 0, k: 0 }
  const candidate: Counts = { n: 0, k: 0 }
  let verdict = 'continue'
  let at = intervals
  let hasZFailed = false
  let crossings = 0
  for (let i = 1; i <= intervals; i += 1) {
    const errors = drawCandidate()
    add(stable, stablePerInterval, drawStable())
    add(candidate, candidatePerInterval, errors)
    if (verdict === 'continue') {
      verdict = judgeProportion({ stable, candidate, notWorseThan: { by }, alpha, better: 'lower' }).verdict
      at = i
    }
    hasZFailed ||= isWorseByZTest(stable, candidate)
    if (errors / candidatePerInterval > stableRate + by) crossings += 1
  }
  return { verdict, at, hasZFailed, hasThresholdFailed: crossings >= 3 }
}

/**
 * Weight 10 % while both sides have 1 % errors, then 50 % while both have 5 %: 1,000 requests an interval, 30 intervals
 * each, margin 1 pp. The candidate is never worse; only pooling makes it look so.
 */
function simulateSimpson(counting: 'pooled' | 'fresh'): object {
  const phases = [
    { candidateRequests: 100, rate: 0.01 },
    { candidateRequests: 500, rate: 0.05 },
  ]
  let falseFails = 0
  for (let run = 0; run < runs; run += 1) {
    let stable: Counts = { n: 0, k: 0 }
    let candidate: Counts = { n: 0, k: 0 }
    let hasFailed = false
    for (const { candidateRequests, rate } of phases) {
      if (counting === 'fresh')
        [stable, candidate] = [
          { n: 0, k: 0 },
          { n: 0, k: 0 },
        ]
      const drawStable = binomial(1000 - candidateRequests, rate)
      const drawCandidate = binomial(candidateRequests, rate)
      for (let i = 0; i < 30 && !hasFailed; i += 1) {
        add(stable, 1000 - candidateRequests, drawStable())
        add(candidate, candidateRequests, drawCandidate())
        const share = counting === 'fresh' ? alpha / phases.length : alpha
        const judged = judgeProportion({ stable, candidate, notWorseThan: { by: 0.01 }, alpha: share, better: 'lower' })
        hasFailed = judged.verdict === 'fail'
      }
    }
    if (hasFailed) falseFails += 1
  }
  const reference = { pooledFalseFailShare: 0.63 }
  return { bench: 'verdict-simpson', counting, runs, falseFailShare: falseFails / runs, reference }
}

/** The usual two-proportion z-test (one-sided, 5 %, unpooled variance), looked at as if each look were the only one. */
function isWorseByZTest(stable: Counts, candidate: Counts): boolean {
  const rates = [stable, candidate].map(({ n, k }) => ({ rate: k / n, variance: ((k / n) * (1 - k / n)) / n }))
  const [left, right] = rates
  if (left === undefined || right === undefined) return false
  const deviation = Math.sqrt(left.variance + right.variance)
  return deviation > 0 && (right.rate - left.rate) / deviation > 1.645
}

function add(counts: Counts, n: number, k: number): void {
  counts.n += n
  counts.k += k
}

/** Draws from Binomial(n, p) by inverting its distribution function, tabulated once. */
function binomial(n: number, p: number): Source {
  const cumulated: number[] = []
  let mass = (1 - p) ** n
  let sum = 0
  for (let k = 0; k <= n && sum < 1 - 1e-15; k += 1) {
    sum += mass
    cumulated.push(sum)
    mass *= ((n - k) / (k + 1)) * (p / (1 - p))
  }
  return () => {
    const u = random()
    const k = cumulated.findIndex((limit) => u < limit)
    return k === -1 ? cumulated.length - 1 : k
  }
}

function median(sample: number[]): number | null {
  return sample.toSorted((a, b) => a - b)[Math.floor(sample.length / 2)] ?? null
}

/** The mulberry32 generator (Tommy Ettinger, public domain): 32 bits of state are enough for these figures. */
function mulberry32(seed: number): Source {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function readInteger(option: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new RangeError(`--${option} must be an integer from ${min} to ${max}, not "${text}"`)
}
