import { isCode, type Finding, type SourceFile } from './repository.ts'
import { codeText } from './code-text.ts'

const bannedWords = new Set(['util', 'utils', 'helper', 'helpers', 'services', 'manager', 'managers'])
const linesMax = 300

/** Files and folders that say nothing about what they hold. */
export function bannedPaths({ path }: SourceFile): readonly Finding[] {
  if (!isCode(path)) return []
  const words = path.split(/[/._-]/)
  const banned = words.find((word) => bannedWords.has(word.toLowerCase()))
  if (banned !== undefined) return [`${path} is named "${banned}", which says nothing; name the noun or the verb`]
  return /(^|\/)index\.[jt]sx?$/.test(path) ? [`${path} is an index file; name it by what it holds`] : []
}

/** Functions, classes and types named so, by their last word. */
export function bannedIdentifiers(file: SourceFile): readonly Finding[] {
  if (!isCode(file.path)) return []
  return [...codeText(file.text).matchAll(/\b(?:function|class|interface|type)\s+([A-Za-z_$][\w$]*)/g)].flatMap(
    (match) => {
      const lastWord = /[A-Z]?[a-z]+$/.exec(match[1] ?? '')?.[0].toLowerCase() ?? ''
      return bannedWords.has(lastWord) ? [`${file.path} declares ${match[1]}: name it by what it does`] : []
    },
  )
}

/** Files that only pass on what others export. */
export function barrels(file: SourceFile): readonly Finding[] {
  if (!isCode(file.path)) return []
  const code = codeText(file.text)
  if (/^\s*export\s*\*\s*from\b/m.test(code))
    return [`${file.path} has "export * from"; import from where it is defined`]
  const rest = code.replaceAll(/export\s+(?:type\s+)?\{[^}]*\}\s*from\s+/g, '').trim()
  return rest === '' && code.trim() !== '' ? [`${file.path} only re-exports; import from where it is defined`] : []
}

/** Longer files hold more than one thing. */
export function longFiles({ path, text }: SourceFile): readonly Finding[] {
  const lines = text.endsWith('\n') ? text.split('\n').length - 1 : text.split('\n').length
  const long = lines > linesMax && (isCode(path) || path.endsWith('.css'))
  return long ? [`${path} has ${lines} lines; split it by what it holds (at most ${linesMax})`] : []
}
