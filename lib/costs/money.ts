/**
 * An amount of money: an integer of 10⁻¹² of the currency's unit. No amount ever passes through floating point; products with
 * a quantity are carried at 10⁻¹⁸ (`Exact`) and are cut to `Money` once, at the end, with what is cut off kept.
 */
export type Money = bigint

/** Money times millionths of a unit: an integer of 10⁻¹⁸ of the currency's unit. Adds up without rounding. */
export type Exact = bigint

export const exactPerMoney = 1_000_000n

const places = 12
const pattern = /^(-?)(0|[1-9]\d{0,17})(?:\.(\d{1,12}))?$/

/** The amount of a decimal text such as `0.0000112444`. @throws RangeError for anything else, and for more than 12 places */
export function parseMoney(text: string): Money {
  const match = pattern.exec(text)
  if (!match) throw new RangeError(`an amount is decimal text with at most ${places} places, such as 0.25, not ${text}`)
  const [, sign, whole = '0', fraction = ''] = match
  const amount = BigInt(whole + fraction.padEnd(places, '0'))
  return sign === '-' ? -amount : amount
}

/** The shortest decimal text of an amount; `parseMoney` gives the same amount back. */
export function formatMoney(amount: Money): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(places + 1, '0')
  const fraction = digits.slice(-places).replace(/0+$/, '')
  const whole = digits.slice(0, -places)
  return `${amount < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

/** A price for one unit, times a quantity in millionths of the unit: exact. */
export function multiply(price: Money, quantityMicros: bigint): Exact {
  return price * quantityMicros
}

/** The amount below or equal, and what is left of it (0 to 999,999 of 10⁻¹⁸). */
export function cut(exact: Exact): { amount: Money; remainder: Exact } {
  const remainder = ((exact % exactPerMoney) + exactPerMoney) % exactPerMoney
  return { amount: (exact - remainder) / exactPerMoney, remainder }
}

/**
 * The amounts of lines that add up to their total, exactly: each is cut down, and the units that this leaves over go to the
 * lines that lost most (largest remainder, Hamilton's method; the earlier line where two lost the same).
 */
export function apportion(lines: readonly Exact[]): { amounts: Money[]; total: Money; remainder: Exact } {
  const { amount: total, remainder } = cut(lines.reduce((sum, line) => sum + line, 0n))
  const parts = lines.map((line, index) => ({ ...cut(line), index }))
  const left = Number(total - parts.reduce((sum, part) => sum + part.amount, 0n))
  const byLoss = [...parts].sort((a, b) => compare(b.remainder, a.remainder) || a.index - b.index)
  const raised = new Set(byLoss.slice(0, left).map((part) => part.index))
  return { amounts: parts.map((p) => p.amount + (raised.has(p.index) ? 1n : 0n)), total, remainder }
}

/** Money for each thousand of a count, rounded half up. @throws RangeError for a cost below 0 or a count below 1 */
export function perThousand(exact: Exact, count: bigint): Money {
  if (count < 1n || exact < 0n)
    throw new RangeError(`a cost per thousand needs a cost of 0 or more and a count of 1 or more`)
  const divisor = count * exactPerMoney
  return (2000n * exact + divisor) / (2n * divisor)
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
