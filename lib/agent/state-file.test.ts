import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newState } from './endpoint.ts'
import { openStateFiles } from './state-file.ts'

describe('state files', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quarterdeck-state-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('reads back what was saved last, and leaves nothing else behind', async () => {
    const { files } = await openStateFiles(folder)
    const first = newState('flights')
    await files.save(first)
    await files.save({ ...first, fences: { v1: 7 } })
    await files.save(newState('hotels'))
    const { states } = await openStateFiles(folder)
    expect(states.find((s) => s.endpointId === 'flights')).toEqual({ ...first, fences: { v1: 7 } })
    expect((await readdir(folder)).sort()).toEqual(['flights.json', 'hotels.json'])
  })

  it('ignores a save that was cut off before its rename', async () => {
    const { files } = await openStateFiles(folder)
    const state = newState('flights')
    await files.save(state)
    await writeFile(join(folder, 'flights.json.new'), '{"format":1,"endp')
    expect((await openStateFiles(folder)).states).toEqual([state])
  })

  it('stops the start at a file that it cannot trust, and says what to do', async () => {
    await writeFile(join(folder, 'flights.json'), '{"format":1}')
    await expect(openStateFiles(folder)).rejects.toThrow(
      /flights\.json is not a state of this agent; restore it, or move/,
    )
  })
})
