import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { apportion, cut, exactPerMoney, formatMoney, multiply, parseMoney, perThousand } from './money.ts'

const amounts = fc.bigInt({ min: -(10n ** 29n), max: 10n ** 29n })
const exacts = fc.bigInt({ min: 0n, max: 10n ** 24n })

describe('money as text', () => {
  it.each([
    ['0', 0n],
    ['1', 1_000_000_000_000n],
    ['0.25', 250_000_000_000n],
    ['-0.000000000001', -1n],
    ['0.0000112444', 11_244_400n],
    ['123456789012345678.123456789012', 123_456_789_012_345_678_123_456_789_012n],
  ])('%s is %d', (text, amount) => {
    expect(parseMoney(text)).toBe(amount)
    expect(formatMoney(amount)).toBe(text)
  })

  it.each(['', '1.', '.5', '1e-7', '01', '+1', '1,5', '0.1234567890123', ' 1', 'NaN', '1234567890123456789'])(
    'refuses "%s"',
    (text) => expect(() => parseMoney(text)).toThrow(RangeError),
  )

  it('comes back the same', () => {
    fc.assert(fc.property(amounts, (amount) => parseMoney(formatMoney(amount)) === amount))
  })
})

describe('exact sums', () => {
  it('multiplies where floating point would not: 0.1 three times', () => {
    expect(formatMoney(cut(multiply(parseMoney('0.1'), 3_000_000n)).amount)).toBe('0.3')
  })

  it('cuts downwards and keeps what it cuts, also below zero', () => {
    expect(cut(1_999_999n)).toEqual({ amount: 1n, remainder: 999_999n })
    expect(cut(-1n)).toEqual({ amount: -1n, remainder: 999_999n })
    fc.assert(
      fc.property(amounts, (exact) => {
        const { amount, remainder } = cut(exact)
        expect(amount * exactPerMoney + remainder).toBe(exact)
      }),
    )
  })

  it('apportions so that lines add up to the total, each off by less than one unit', () => {
    fc.assert(
      fc.property(fc.array(exacts, { maxLength: 40 }), (lines) => {
        const { amounts: parts, total, remainder } = apportion(lines)
        expect(parts.reduce((a, b) => a + b, 0n)).toBe(total)
        expect(total * exactPerMoney + remainder).toBe(lines.reduce((a, b) => a + b, 0n))
        for (const [i, part] of parts.entries()) {
          const error = part * exactPerMoney - lines[i]!
          expect(error < exactPerMoney && error > -exactPerMoney).toBe(true)
        }
      }),
    )
  })

  it.each([
    [2_000_000_000_000_000n, 4n, '0.5'],
    [1_000_000n, 3000n, '0'],
    [1_500_000n, 1000n, '0.000000000002'],
  ])('%d of 10⁻¹⁸ for %d requests are %s a thousand, rounded half up', (exact, count, text) => {
    expect(formatMoney(perThousand(exact, count))).toBe(text)
  })

  it('refuses a cost for no requests', () => {
    expect(() => perThousand(1n, 0n)).toThrow(RangeError)
  })
})
