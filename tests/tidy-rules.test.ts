import { describe, expect, it } from 'vitest'
import { completeLock, missingOptional } from '../scripts/lock.ts'
import { callsOutOfPlace } from './tidy/calls.ts'
import { codeText } from './tidy/code-text.ts'
import { deadDocPaths } from './tidy/doc-paths.ts'
import { kindOf, kindsBroken, unknownRooms } from './tidy/kinds.ts'
import { bannedIdentifiers, bannedPaths, barrels, longFiles } from './tidy/names.ts'
import { brokenPolicies } from './tidy/policies.ts'
import type { Finding, SourceFile } from './tidy/repository.ts'
import { foreignPlaces, unfinishedWork } from './tidy/words.ts'

type Rule = (file: SourceFile) => readonly Finding[]
type Example = readonly [path: string, text: string]

/** Each rule with planted files that it must find, and files beside them that it must let through. */
const rules: readonly { readonly rule: Rule; readonly bad: readonly Example[]; readonly good: readonly Example[] }[] = [
  {
    rule: bannedPaths,
    bad: [
      ['lib/utils/a.ts', ''],
      ['lib/models/date-helpers.ts', ''],
      ['lib/services/a.ts', ''],
      ['lib/models/index.ts', ''],
      ['app/_ui/index.tsx', ''],
    ],
    good: [
      ['lib/models/model.ts', ''],
      ['docs/utils.md', ''],
      ['lib/drift/indexed.ts', ''],
    ],
  },
  {
    rule: bannedIdentifiers,
    bad: [
      ['lib/a.ts', 'class RolloutManager {}'],
      ['lib/a.ts', 'export function dateUtils() {}'],
      ['lib/a.ts', 'type Helpers = 1'],
    ],
    good: [
      ['lib/a.ts', '// class RolloutManager'],
      ['lib/a.ts', 'function manage() {}'],
    ],
  },
  {
    rule: barrels,
    bad: [
      ['lib/a.ts', "export * from './b.ts'"],
      ['lib/a.ts', "// All.\nexport { b } from './b.ts'\nexport type { C } from './c.ts'\n"],
    ],
    good: [
      ['lib/a.ts', "export { b } from './b.ts'\nexport const a = 1\n"],
      ['lib/a.ts', ''],
    ],
  },
  {
    rule: longFiles,
    bad: [['lib/a.ts', 'x\n'.repeat(301)]],
    good: [
      ['lib/a.ts', 'x\n'.repeat(300)],
      ['docs/a.md', 'x\n'.repeat(900)],
    ],
  },
  {
    rule: callsOutOfPlace,
    bad: [
      ['lib/a.ts', 'const now = Date.now()'],
      ['lib/a.ts', 'const now = new Date()'],
      ['lib/a.ts', 'const now = new Date'],
      ['lib/a.ts', 'const now = Date()'],
      ['lib/a.ts', 'const text = `at ${new Date()}`'],
      ['lib/a.ts', 'Math.random()'],
      ['lib/a.ts', "process.env['HOME']"],
      ['app/page.tsx', 'console.log(1)'],
      ['cli/a.ts', 'Date.now()'],
    ],
    good: [
      ['lib/a.ts', '// Date.now() is banned\nconst a = "new Date()"'],
      ['lib/a.ts', 'const then = new Date(0)'],
      ['lib/a.ts', 'let a: Date'],
      ['lib/platform/clock.ts', 'new Date()'],
      ['cli/a.ts', 'console.log(process.env.HOME)'],
      ['lib/a.test.ts', 'process.env.HOME'],
    ],
  },
  {
    rule: unknownRooms,
    bad: [
      ['lib/common/a.ts', ''],
      ['lib/stray.ts', ''],
    ],
    good: [
      ['lib/drift/psi.ts', ''],
      ['lib/mutate.ts', ''],
      ['lib/mutate.test.ts', ''],
      ['lib/system.ts', ''],
    ],
  },
  {
    rule: kindsBroken,
    bad: [
      ['lib/drift/model.ts', "import { db } from '#lib/platform/db/schema.ts'"],
      ['lib/drift/psi.ts', "import type { Ctx } from '#lib/platform/context.ts'"],
      ['lib/drift/decide.ts', "import { readFileSync } from 'node:fs'"],
      ['lib/drift/policy.ts', "import { rows } from './queries.ts'"],
      ['lib/drift/queries.ts', "import { mutate } from '#lib/mutate.ts'"],
      ['lib/rollouts/roll-back.ts', 'export function undo(ctx: Ctx) {}'],
      ['lib/rollouts/roll-back.ts', 'export function rollBack(ctx: Ctx) {}\nexport const promote = (ctx: Ctx) => 1'],
      ['lib/rollouts/roll-back.ts', 'export function lock(tx: Tx) {}'],
    ],
    good: [
      ['lib/drift/psi.ts', "import { sum } from 'd3-array'"],
      ['lib/drift/queries.ts', "import { sql } from 'kysely'"],
      [
        'lib/rollouts/roll-back.ts',
        "import { mutate } from '#lib/mutate.ts'\nexport const rollBack = (ctx: Ctx, input: I) => mutate(ctx)",
      ],
      ['lib/rollouts/roll-back.ts', 'export const rollBack = (ctx: Ctx) => 1\nexport function lock(tx: Tx) {}'],
      ['lib/models/serve-version.ts', 'export async function serveVersion(\n  tx: Tx,\n) {}'],
      ['lib/drift/psi.test.ts', "import fs from 'node:fs'"],
      ['lib/platform/http.ts', "import http from 'node:http'"],
    ],
  },
  {
    rule: unfinishedWork,
    bad: [
      ['lib/a.ts', cut('// TO|DO later')],
      ['docs/a.md', cut('FIX|ME')],
    ],
    good: [['lib/a.ts', 'const todos = 1']],
  },
  {
    rule: foreignPlaces,
    bad: [
      ['lib/a.ts', cut('https://registry.npm|js.org/x')],
      ['docs/a.md', cut('see /wo|rk/main/x')],
      ['docs/a.md', cut('see /home/|alice/x')],
      ['docs/a.md', cut('see ../sha|red/design')],
    ],
    good: [
      ['lib/a.ts', "'/api/work/1'"],
      ['docs/a.md', 'a shared folder'],
      ['app/a.css', '@sha/red'],
    ],
  },
  {
    rule: (file) => deadDocPaths(file, new Set(['lib', 'lib/a.ts', 'docs/a.md', 'README.md'])),
    bad: [
      ['docs/a.md', 'see `lib/gone.ts`'],
      ['docs/a.md', 'see [it](gone.md)'],
      ['README.md', '[a](docs/b.md#part)'],
    ],
    good: [
      ['docs/a.md', 'see `lib/a.ts`, `lib/`, `lib/<domain>/reads.ts` and [a](../README.md#top)'],
      ['docs/a.md', '[out](https://example.org/lib/gone.ts)'],
      ['docs/a.md', '```\nlib/gone.ts `lib/gone.ts`\n```'],
      ['lib/a.ts', '`lib/gone.ts`'],
    ],
  },
]

describe.each(rules)('$rule.name', ({ rule, bad, good }) => {
  it.each(bad)('finds %s: %s', (path, text) => {
    expect(rule({ path, text })).not.toEqual([])
  })
  it.each(good)('lets %s pass: %s', (path, text) => {
    expect(rule({ path, text })).toEqual([])
  })
})

describe('policies', () => {
  const table = [{ files: /drift/, module: 'lib/drift/policy.ts', parser: 'parseDriftPolicy' }]
  it.each([
    ['policies/drift/a.yaml', 'a: [1', table],
    ['policies/other/a.yaml', 'a: 1', table],
    ['policies/drift/a.yaml', 'nonsense: true', table],
    ['policies/drift/a.yaml', 'a: 1', [{ files: /drift/, module: 'lib/drift/gone.ts', parser: 'parse' }]],
    ['policies/drift/a.yaml', 'a: 1', [{ files: /drift/, module: 'lib/drift/policy.ts', parser: 'gone' }]],
  ])('%s with %s is refused', async (path, text, parsers) => {
    expect(await brokenPolicies({ path, text }, parsers)).toHaveLength(1)
  })
})

describe('the kinds of file', () => {
  it.each([
    ['lib/drift/model.ts', 'model'],
    ['lib/drift/queries-windows.ts', 'queries'],
    ['lib/drift/psi.ts', 'pure'],
    ['lib/platform/http.ts', undefined],
    ['lib/drift/psi.test.ts', undefined],
  ])('%s is %s', (path, kind) => {
    expect(kindOf({ path, text: '' })).toBe(kind)
  })
})

describe('code text', () => {
  it.each([
    ['a // b', 'a     '],
    ['a /* b\nc */ d', 'a     \n     d'],
    ['`x ${f("y")} z`', '     f("y")    '],
    ["'it\\'s' + b", '        + b'],
    ['const r = /[/"]/g; b', 'const r =        ; b'],
    ['a / b / c', 'a / b / c'],
  ])('of %s', (text, code) => {
    expect(codeText(text)).toBe(code)
  })
})

describe('the lock file', () => {
  const parent = {
    version: '1.0.0',
    dev: true,
    optionalDependencies: { 'a-linux-arm64-musl': '1.0.0', 'a-win32-x64': '1.0.0' },
  }
  const lock = {
    packages: { '': {}, 'node_modules/a': parent, 'node_modules/a-win32-x64': { version: '1.0.0', optional: true } },
  }

  it('lacks what no entry holds, and is completed with it', () => {
    expect(missingOptional(lock).map(({ name }) => name)).toEqual(['a-linux-arm64-musl'])
    const { lock: complete, added } = completeLock(lock)
    expect(added).toEqual(['node_modules/a-linux-arm64-musl'])
    expect(complete.packages['node_modules/a-linux-arm64-musl']).toEqual({
      version: '1.0.0',
      os: ['linux'],
      cpu: ['arm64'],
      libc: ['musl'],
      dev: true,
      optional: true,
    })
    expect(missingOptional(complete)).toEqual([])
  })
})

/** A text without its `|`: written so, this file does not itself contain what the rules look for. */
function cut(text: string): string {
  return text.replace('|', '')
}
