import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { floorHour, hourMs, spansOf, type Span } from './spans.ts'

const sliceMs = 10_000
const day = 24 * hourMs
const slice = fc.integer({ min: 0, max: (3 * day) / sliceMs }).map((n) => n * sliceMs)
const borders = fc.uniqueArray(slice, { minLength: 2, maxLength: 12 }).map((all) => all.toSorted((a, b) => a - b))

/** The piece in which a slice is counted, as often as it is. */
const countedIn = (spans: readonly Span[], ms: number) =>
  spans.filter(({ fromMs, toMs }) => fromMs <= ms && ms < toMs).map(({ piece }) => piece)

describe('the spans of pieces', () => {
  it('count every slice of a piece once, in that piece, and none outside', () => {
    fc.assert(
      fc.property(borders, slice, (all, ms) => {
        const { hours, slices } = spansOf(all, -Infinity)
        const piece = all.findLastIndex((border) => border <= ms) + 1
        const inside = piece >= 1 && piece < all.length
        // An hour's row stands for all of its slices.
        expect([...countedIn(hours, floorHour(ms)), ...countedIn(slices, ms)]).toEqual(inside ? [piece] : [])
      }),
    )
  })

  it('read whole hours only, and no slice that is forgotten, at borders that moved by less than an hour', () => {
    fc.assert(
      fc.property(borders, slice, slice, (all, ms, forgotten) => {
        const from = floorHour(forgotten)
        const { hours, slices } = spansOf(all, from)
        expect(hours.flatMap((h) => [h.fromMs, h.toMs]).every((at) => at % hourMs === 0)).toBe(true)
        expect(slices.every(({ fromMs }) => fromMs >= from)).toBe(true)
        const moved = all.map((border) => (border < from ? floorHour(border) : border))
        const piece = moved.findLastIndex((border) => border <= ms) + 1
        const inside = piece >= 1 && piece < moved.length
        expect([...countedIn(hours, floorHour(ms)), ...countedIn(slices, ms)]).toEqual(inside ? [piece] : [])
      }),
    )
  })

  it('are a few for a month of slices', () => {
    const { hours, slices } = spansOf([sliceMs, 30 * day + 7 * sliceMs], -Infinity)
    expect(hours).toEqual([{ piece: 1, fromMs: hourMs, toMs: 30 * day }])
    expect(slices.map(({ fromMs, toMs }) => (toMs - fromMs) / sliceMs)).toEqual([359, 7])
  })
})
