import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'

/** A file of the repository: its path from the root, with `/`, and its text. */
export type SourceFile = { readonly path: string; readonly text: string }

/** What a rule found wrong, and where: `path:line message`. */
export type Finding = string

export const root = join(import.meta.dirname, '..', '..')
const generated = new Set([
  'node_modules',
  '.git',
  '.next',
  'var',
  'test-results',
  'playwright-report',
  '.venv',
  '__pycache__',
])
const textFile =
  /(^|\/)(LICENSE|Dockerfile|run|\.npmrc|\.nvmrc|[^/]+\.(ts|tsx|js|mjs|css|md|json|yaml|yml|csv|conf|txt|sh|py|tpl|toml))$/
const bytesMax = 2_000_000

/** Every text file that is written by hand (and the lock file), in a stable order. */
export function repositoryFiles(): readonly SourceFile[] {
  return walk(root)
    .filter((path) => textFile.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

/** All paths of the repository, files and folders. */
export function repositoryPaths(files: readonly SourceFile[]): ReadonlySet<string> {
  const folders = files.flatMap(({ path }) => path.split('/').map((_, index, parts) => parts.slice(0, index).join('/')))
  return new Set([...walk(root), ...folders].filter((path) => path !== ''))
}

export function isCode(path: string): boolean {
  return /\.(ts|tsx|js|mjs)$/.test(path)
}

export function isTest(path: string): boolean {
  return (
    /\.(test|contract|spec|fixtures?|plants)\.tsx?$|\/test-db\.ts$/.test(path) || /(^|\/)(tests|testing)\//.test(path)
  )
}

/** The findings of one line at a time: `check` returns what is wrong with the line, or undefined. */
export function findInLines(file: SourceFile, check: (line: string) => string | undefined): readonly Finding[] {
  return file.text.split('\n').flatMap((line, index) => {
    const wrong = check(line)
    return wrong === undefined ? [] : [`${file.path}:${index + 1} ${wrong}`]
  })
}

function walk(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (generated.has(entry.name) || entry.name.endsWith('.tsbuildinfo')) return []
      if (entry.isDirectory()) return walk(path)
      return entry.isFile() && statSync(path).size <= bytesMax ? [relative(root, path).replaceAll('\\', '/')] : []
    })
}
