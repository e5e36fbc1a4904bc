import { beforeEach, describe, expect, it } from 'vitest'
import type { RegistryPort } from './registry.ts'

export type RegistryUnderTest = {
  registry: RegistryPort
  /** A model that exists, with two versions of it and one of another model, and no alias yet. */
  model: string
  versions: readonly [string, string]
  foreignVersion: string
}

/** What every registry adapter must do; `open` gives a fresh model each time. */
export function describeRegistry(name: string, open: () => Promise<RegistryUnderTest>): void {
  describe(`${name} as a registry`, () => {
    let u: RegistryUnderTest
    beforeEach(async () => {
      u = await open()
    })
    const alias = 'champion'
    const write = (version: string | null, expected: string | null) =>
      u.registry.writeAlias(u.model, alias, version, { expected })

    it('reads an alias that is not set as null, and a model that is not there as absent', async () => {
      expect(await u.registry.readAlias(u.model, alias)).toEqual({ kind: 'observed', version: null })
      expect(await u.registry.readAlias('no-such-model', alias)).toMatchObject({ kind: 'absent' })
    })

    it('writes, and reads back what it wrote', async () => {
      const [one, two] = u.versions
      expect(await write(one, null)).toMatchObject({ kind: 'written', before: null, readBack: one })
      expect(await u.registry.readAlias(u.model, alias)).toEqual({ kind: 'observed', version: one })
      expect(await write(two, one)).toMatchObject({ kind: 'written', before: one, readBack: two })
    })

    it('changes nothing when the alias is already there', async () => {
      const [one] = u.versions
      await write(one, null)
      expect(await write(one, one)).toMatchObject({ kind: 'written', before: one, readBack: one })
    })

    it('overwrites nobody: another value than expected is a conflict, told with what is there', async () => {
      const [one, two] = u.versions
      await write(one, null)
      expect(await write(two, null)).toEqual({ kind: 'conflict', observed: one })
      expect(await u.registry.readAlias(u.model, alias)).toEqual({ kind: 'observed', version: one })
    })

    it('refuses models and versions that are not there', async () => {
      expect(await write('no-such-version', null)).toMatchObject({ kind: 'absent' })
      expect(await write(u.foreignVersion, null)).toMatchObject({ kind: 'absent' })
      const elsewhere = u.registry.writeAlias('no-such-model', alias, u.versions[0], { expected: null })
      expect(await elsewhere).toMatchObject({ kind: 'absent' })
    })

    it('lets one of many writers win who all expect the same', async () => {
      const [one, two] = u.versions
      const results = await Promise.all(Array.from({ length: 8 }, (_, i) => write(i % 2 === 0 ? one : two, null)))
      const now = await u.registry.readAlias(u.model, alias)
      const winners = results.filter((r) => r.kind === 'written')
      expect(winners.length).toBeGreaterThan(0)
      // Whoever is told "written" wrote what is there now; everybody else was told otherwise.
      for (const w of winners) expect(now).toEqual({ kind: 'observed', version: w.readBack })
      for (const r of results) expect(['written', 'conflict', 'overwritten']).toContain(r.kind)
    })
  })
}
