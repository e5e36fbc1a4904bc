import { dirname, normalize } from 'node:path'
import type { Finding, SourceFile } from './repository.ts'

const topFolders = 'app|bench|cli|dashboards|deploy|docs|examples|lib|policies|runbooks|scripts|tests|\\.ci'
const repositoryPath = new RegExp(`^(?:${topFolders})/[\\w.@()\\[\\]/-]*$`)

/** Paths that documents name, in backticks or as links, and that do not exist. Fenced blocks are examples and are not read. */
export function deadDocPaths(file: SourceFile, paths: ReadonlySet<string>): readonly Finding[] {
  if (!file.path.endsWith('.md')) return []
  const text = file.text.replaceAll(/^```[\s\S]*?^```/gm, (block) => block.replaceAll(/[^\n]/g, ''))
  return text.split('\n').flatMap((line, index) => {
    const quoted = [...line.matchAll(/`([^`]+)`/g)]
      .map((match) => match[1] ?? '')
      .filter((path) => repositoryPath.test(path))
    const links = [...line.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)]
      .map((match) => match[1] ?? '')
      .filter((link) => !/^[a-z]+:/.test(link))
      .map((link) => normalize(link.startsWith('/') ? link.slice(1) : `${dirname(file.path)}/${link}`))
    return [...quoted, ...links]
      .map((path) => path.replaceAll('\\', '/').replace(/\/$/, ''))
      .filter((path) => !paths.has(path))
      .map((path) => `${file.path}:${index + 1} names ${path}, which does not exist`)
  })
}
