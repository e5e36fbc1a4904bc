import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dayNumber, eventTimeMsOf, readFlights } from './flight-table.ts'
import { prepareFlights, type PreparedFlights } from './prepare.ts'
import { labelsOf } from './train.ts'

describe('prepareFlights', () => {
  let folder = ''
  let prepared: PreparedFlights
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quarterdeck-prepare-'))
    prepared = await prepareFlights({ outFolder: join(folder, 'a') })
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('keeps all flights but the six of 1 July', () => {
    expect(prepared).toMatchObject({ reused: false, rowCount: 3_000_000 - 6 })
  })

  it('gives equal bytes when it is run again elsewhere, and uses what is there when run again here', async () => {
    const again = await prepareFlights({ outFolder: join(folder, 'b') })
    expect(again.reused).toBe(false)
    const [a, b] = await Promise.all(['a', 'b'].map((name) => readFile(join(folder, name, 'flights.bin'))))
    expect(a!.length).toBe(again.rowCount * 12)
    expect(a!.equals(b!)).toBe(true)
    expect((await prepareFlights({ outFolder: join(folder, 'a') })).reused).toBe(true)
  })

  it('derives hour and day of the week, in the order of time', async () => {
    const table = await readFlights(prepared.folder, '2001-02-28', '2001-03-01')
    let previousMs = 0
    const wrong: number[] = []
    for (let row = 0; row < table.rowCount; row++) {
      const at = new Date(eventTimeMsOf(table, row))
      const isRight = table.hour[row] === at.getUTCHours() && table.dayOfWeek[row] === (at.getUTCDay() || 7)
      if (!isRight || at.getTime() < previousMs) wrong.push(row)
      previousMs = at.getTime()
    }
    expect(table.rowCount).toBeGreaterThan(25_000)
    expect(wrong).toEqual([])
    expect(new Date(eventTimeMsOf(table, 0)).toISOString().slice(0, 10)).toBe('2001-02-28')
    expect(new Date(previousMs).toISOString().slice(0, 10)).toBe('2001-03-01')
  })

  it('has the delays that the drift cases were computed from', async () => {
    const table = await readFlights(prepared.folder, '2001-01-01', '2001-01-31')
    const edges = [-10, -5, 0, 5, 15, 30, 60, 120]
    const counts = Array.from({ length: 9 }, () => 0)
    for (const delay of table.delay) counts[edges.filter((edge) => delay >= edge).length]! += 1
    expect(counts).toEqual([106105, 71445, 78224, 65910, 77355, 49093, 35048, 18671, 6388])
    expect(labelsOf(table).reduce((sum, label) => sum + label, 0) / table.rowCount).toBeCloseTo(0.205, 4)
  })

  it('refuses days that are not there, and folders that were not prepared', async () => {
    for (const day of ['2001-07-01', '2000-12-31', '2001-2-1', 'today', '2001-02-30', '2001-02-28x'])
      expect(() => dayNumber(day)).toThrow(`${day} is not a day of the data`)
    await expect(readFlights(prepared.folder, '2001-03-02', '2001-03-01')).rejects.toThrow(/backwards/)
    await expect(readFlights(folder, '2001-03-01', '2001-03-01')).rejects.toThrow(/run prepareFlights first/)
  })
})
