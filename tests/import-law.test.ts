import { cruise, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import config, { domains } from '../.dependency-cruiser.mjs'
import { allowed, type Import, violations } from './import-law.plants.ts'

const root = join(import.meta.dirname, '..')
const folders = ['app', 'cli', 'lib', 'scripts', 'tests', 'bench', 'examples'].filter((name) =>
  existsSync(join(root, name)),
)
const ruleNames = config.forbidden?.map((rule: IForbiddenRuleType) => rule.name ?? '') ?? []
const plantFolders: string[] = []

afterAll(() => {
  for (const folder of plantFolders) rmSync(folder, { recursive: true, force: true })
})

describe('the import law', () => {
  it('sees the modules of the repository, and none of them breaks it', async () => {
    const { modules, summary } = await applyLaw(root, folders)
    expect(modules.filter((module) => module.source.startsWith('lib/')).length).toBeGreaterThan(40)
    expect(summary.totalDependenciesCruised ?? 0).toBeGreaterThan(100)
    expect(broken(summary)).toEqual([])
  })

  it('has a planted violation for every rule', () => {
    expect(ruleNames.filter((name) => !violations(domains).some((each) => each.rule === name))).toEqual([])
  })

  it('finds every planted violation, by its rule', async () => {
    const planted = violations(domains)
    const { summary } = await applyLaw(plant(planted.flatMap((each) => each.imports)), ['.'])
    const found = new Set(broken(summary))
    const missed = planted.filter(({ rule, imports }) => !imports.some(({ from }) => found.has(`${rule}: ${from}`)))
    expect(missed).toEqual([])
  })

  it('lets through what the architecture allows', async () => {
    const { modules, summary } = await applyLaw(plant(allowed), ['.'])
    expect(modules.length).toBeGreaterThanOrEqual(allowed.length)
    expect(broken(summary).filter((each) => !each.startsWith('no-orphans'))).toEqual([])
  })
})

async function applyLaw(baseDir: string, folders: readonly string[]): Promise<ICruiseResult> {
  const { output } = await cruise([...folders], {
    ...config.options,
    baseDir,
    validate: true,
    ruleSet: { forbidden: config.forbidden ?? [] },
  })
  if (typeof output === 'string') throw new Error(output)
  return output
}

function broken(summary: ICruiseResult['summary']): readonly string[] {
  return summary.violations.map((violation) => `${violation.rule.name}: ${violation.from}`)
}

/** A small repository of files that hold nothing but their imports, inside this one so that packages resolve. */
function plant(imports: readonly Import[]): string {
  mkdirSync(join(root, 'var'), { recursive: true })
  const folder = mkdtempSync(join(root, 'var', 'import-law-'))
  plantFolders.push(folder)
  const texts = new Map<string, string>()
  for (const { from, to } of imports) {
    const line = to === '' ? '' : `import ${JSON.stringify(to)}\n`
    texts.set(from, `${texts.get(from) ?? ''}${line}`)
    if (to.startsWith('#') && !to.includes('missing') && !texts.has(to.slice(1))) texts.set(to.slice(1), '')
  }
  const dependencies = { next: '*', react: '*', kysely: '*' }
  const manifest = { type: 'module', imports: { '#*': './*' }, dependencies, devDependencies: { vitest: '*' } }
  texts.set('package.json', JSON.stringify(manifest))
  for (const [path, text] of texts) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}
