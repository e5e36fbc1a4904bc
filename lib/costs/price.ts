import { apportion, multiply, type Exact, type Money } from './money.ts'

export const meters = ['requests', 'cpu-seconds'] as const
export type Meter = (typeof meters)[number]

/** A price of one unit, from `validFromMs` until before `validUntilMs` (epoch ms; Infinity when it has no end). */
export type Price = {
  meter: Meter
  unit: string
  price: Money
  validFromMs: number
  validUntilMs: number
  provenance: { source: string; note?: string | undefined }
}
export type Prices = { name: string; digest: string; currency: string; prices: readonly Price[] }

/**
 * What was used of a meter in a piece of time in which no price changes; `atMs` is its beginning. The quantity is in
 * millionths of the meter's unit, and null where something was used but nobody measured how much.
 */
export type Usage = {
  endpointId: string
  versionId: string
  meter: Meter
  atMs: number
  quantityMicros: bigint | null
  /** Where it was not measured: by how many requests of how many. */
  unreported?: Unreported
}
type Unreported = { requests: bigint; of: bigint }

export type CostLine = {
  endpointId: string
  versionId: string
  meter: Meter
  quantityMicros: bigint
  price: Price
  /** Apportioned so that the lines add up to the total. */
  amount: Money
  exact: Exact
}

/** Usage whose cost is not known. It is listed and never counted as 0. */
export type Unpriced = Omit<Usage, 'atMs' | 'unreported'> & { because: string }

export type Cost = {
  lines: CostLine[]
  /** Of what has a price. */
  total: Money
  /** What the total was cut by, in 10⁻¹⁸: totals of neighbouring ranges add up exactly with their remainders. */
  remainder: Exact
  unpriced: Unpriced[]
}

/** Usage times the price that held at its time. Lines are merged by endpoint, version, meter and price. Pure and exact. */
export function priceUsage(usage: readonly Usage[], { prices }: Prices): Cost {
  const lines = new Map<string, Omit<CostLine, 'amount'>>()
  const unpriced = new Map<string, Usage>()
  for (const used of usage) {
    const index = prices.findIndex((p) => holdsFor(p, used))
    const price = prices[index]
    if (price === undefined || used.quantityMicros === null) addUnpriced(unpriced, used)
    else addLine(lines, `${index}`, used, used.quantityMicros, price)
  }
  const list = [...lines.values()].filter((line) => line.quantityMicros !== 0n)
  const { amounts, total, remainder } = apportion(list.map((line) => line.exact))
  return {
    lines: list.map((line, i) => ({ ...line, amount: amounts[i] ?? 0n })),
    total,
    remainder,
    unpriced: [...unpriced.values()].filter((u) => u.quantityMicros !== 0n).map(explain),
  }
}

/** The moments within (from, to) at which a price begins or ends: where usage has to be cut. Ascending. */
export function priceBorders({ prices }: Prices, fromMs: number, toMs: number): number[] {
  const all = prices.flatMap((p) => [p.validFromMs, p.validUntilMs]).filter((ms) => ms > fromMs && ms < toMs)
  return [...new Set(all)].sort((a, b) => a - b)
}

function holdsFor(price: Price, used: Usage): boolean {
  return price.meter === used.meter && price.validFromMs <= used.atMs && used.atMs < price.validUntilMs
}

function addLine(
  lines: Map<string, Omit<CostLine, 'amount'>>,
  priceKey: string,
  { endpointId, versionId, meter }: Usage,
  quantityMicros: bigint,
  price: Price,
): void {
  const key = JSON.stringify([endpointId, versionId, meter, priceKey])
  const held = lines.get(key) ?? { endpointId, versionId, meter, quantityMicros: 0n, price, exact: 0n }
  const quantity = held.quantityMicros + quantityMicros
  lines.set(key, { ...held, quantityMicros: quantity, exact: multiply(price.price, quantity) })
}

function addUnpriced(unpriced: Map<string, Usage>, used: Usage): void {
  const { endpointId, versionId, meter, quantityMicros, unreported } = used
  const key = JSON.stringify([endpointId, versionId, meter, quantityMicros !== null])
  const held = unpriced.get(key)
  const quantity = quantityMicros === null ? null : (held?.quantityMicros ?? 0n) + quantityMicros
  const sum = unreported && {
    requests: unreported.requests + (held?.unreported?.requests ?? 0n),
    of: unreported.of + (held?.unreported?.of ?? 0n),
  }
  unpriced.set(key, { ...used, quantityMicros: quantity, ...(sum ? { unreported: sum } : {}) })
}

function explain({ endpointId, versionId, meter, quantityMicros, unreported }: Usage): Unpriced {
  return { endpointId, versionId, meter, quantityMicros, because: becauseOf(quantityMicros, unreported) }
}

function becauseOf(quantityMicros: bigint | null, unreported: Unreported | undefined): string {
  if (quantityMicros !== null) return 'no price held at that time'
  if (unreported === undefined || unreported.requests === unreported.of) return 'nobody reported how much was used'
  return `${unreported.requests} of ${unreported.of} requests did not report how much they used`
}
