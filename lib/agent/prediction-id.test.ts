import { validate, version } from 'uuid'
import { describe, expect, it } from 'vitest'
import { predictionIds } from './prediction-id.ts'

describe('predictionIds', () => {
  it('makes distinct UUIDv7 beyond its pool, which sort by time', () => {
    const next = predictionIds()
    const ids = Array.from({ length: 1000 }, (_, i) => next(1_750_000_000_000 + i))
    expect(new Set(ids).size).toBe(1000)
    expect(ids.toSorted()).toEqual(ids)
    const uuids = ids.map((id) => id.slice('pr_'.length))
    expect(uuids.every((uuid) => validate(uuid) && version(uuid) === 7)).toBe(true)
  })
})
