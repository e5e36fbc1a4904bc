import { describe, expect, it } from 'vitest'
import { missingOptional, type Lock } from '../scripts/lock.ts'
import { callsOutOfPlace } from './tidy/calls.ts'
import { deadDocPaths } from './tidy/doc-paths.ts'
import { kindOf, kindsBroken, unknownRooms } from './tidy/kinds.ts'
import { bannedIdentifiers, bannedPaths, barrels, longFiles } from './tidy/names.ts'
import { brokenPolicies } from './tidy/policies.ts'
import { repositoryFiles, repositoryPaths, type Finding, type SourceFile } from './tidy/repository.ts'
import { foreignPlaces, unfinishedWork } from './tidy/words.ts'

// That each of these rules can fail is shown in tidy-rules.test.ts.
const files = repositoryFiles()
const paths = repositoryPaths(files)

describe('the repository', () => {
  it('is read', () => {
    expect(files.length).toBeGreaterThan(100)
    expect(files.filter((file) => kindOf(file) !== undefined).length).toBeGreaterThan(20)
  })

  it.each<[string, (file: SourceFile) => readonly Finding[]]>([
    ['has no file named utils, helpers, services, manager or index', bannedPaths],
    ['declares nothing named so', bannedIdentifiers],
    ['has no barrels', barrels],
    ['has no code file above 300 lines', longFiles],
    ['reads clock, chance, environment and console in one place each', callsOutOfPlace],
    ['has only the rooms of the architecture', unknownRooms],
    ['has only the kinds of file of the architecture', kindsBroken],
    ['has no unfinished work', unfinishedWork],
    ['names no registry, no machine and nothing outside itself', foreignPlaces],
    ['documents only paths that exist', (file) => deadDocPaths(file, paths)],
  ])('%s', (_, rule) => {
    expect(files.flatMap(rule)).toEqual([])
  })

  it('has policies that their domains can read', async () => {
    expect((await Promise.all(files.map((file) => brokenPolicies(file)))).flat()).toEqual([])
  })

  it('has a lock file that npm ci accepts on every platform', () => {
    const lock = JSON.parse(files.find(({ path }) => path === 'package-lock.json')?.text ?? '') as Lock
    expect(Object.keys(lock.packages).length).toBeGreaterThan(100)
    // After `npm install`, run `node scripts/run.js complete-lock`.
    expect(missingOptional(lock).map(({ name }) => name)).toEqual([])
  })
})
