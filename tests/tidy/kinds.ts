import { isTest, type Finding, type SourceFile } from './repository.ts'
import { codeText } from './code-text.ts'

export const domains = [
  'members',
  'telemetry',
  'runbooks',
  'attestations',
  'models',
  'registries',
  'forges',
  'approvals',
  'notifications',
  'endpoints',
  'costs',
  'drift',
  'quality',
  'slos',
  'rollouts',
  'pipelines',
  'incidents',
  'packs',
  'demo',
] as const
const rooms = [...domains, 'access', 'audit', 'api', 'ingest', 'worker', 'agent', 'platform', 'system'] as const
const filesOfLib = /^lib\/(mutate|system)(-[a-z-]+)?(\.test)?\.ts$/

export type Kind = 'model' | 'decide' | 'policy' | 'queries' | 'reads' | 'reconcile' | 'verb' | 'pure'

const named: readonly Kind[] = ['model', 'decide', 'policy', 'queries', 'reads', 'reconcile']
const withoutEffects: ReadonlySet<Kind> = new Set(['model', 'decide', 'policy', 'pure'])
const effect =
  /^(?:#lib\/(?:mutate|system)|#lib\/platform\/(?:db\/|adapters\/|context|http|housekeep|lease|log|claim|call|notify|config)|#lib\/audit\/(?:append|feed)|\.\/(?:queries|reads|reconcile)\b|kysely|pg\b|pg-boss|undici|node:(?:fs|net|http|https|tls|dns|child_process|dgram|worker_threads))/

/** Rooms of `lib/` that architecture.md does not have. */
export function unknownRooms({ path }: SourceFile): readonly Finding[] {
  if (!path.startsWith('lib/') || filesOfLib.test(path)) return []
  const room = path.split('/')[1] ?? ''
  return rooms.some((each) => each === room) ? [] : [`${path} is in no room of docs/architecture.md`]
}

/**
 * The kind of a domain's file: by its name (`queries.ts`, and `queries-….ts` where one file would be too long), else a verb
 * when its function takes `ctx` (or the system, before anybody is signed in; or `tx`, when it is a part of
 * other verbs' transactions), else pure subject matter. Undefined outside the domains and for tests.
 */
export function kindOf(file: SourceFile): Kind | undefined {
  const [, domain, name] = /^lib\/([^/]+)\/(?:.*\/)?([^/]+)\.ts$/.exec(file.path) ?? []
  if (name === undefined || !domains.some((each) => each === domain) || isTest(file.path)) return undefined
  const byName = named.find((kind) => name === kind || name.startsWith(`${kind}-`))
  return byName ?? (takesContext(file) ? 'verb' : 'pure')
}

/** Files that do what their kind does not. */
export function kindsBroken(file: SourceFile): readonly Finding[] {
  const kind = kindOf(file)
  if (kind === undefined) return []
  const imports = importsOf(file)
  const effects = imports.filter((each) => effect.test(each))
  if (withoutEffects.has(kind) && effects.length > 0) {
    return [`${file.path} is ${kind} and must have no effects, but imports ${effects.join(', ')}`]
  }
  if (kind === 'queries' && imports.some((each) => /\/(?:mutate|context)(?:\.ts)?$/.test(each))) {
    return [`${file.path} holds queries, which take (db) or (tx), not the context`]
  }
  return kind === 'verb' ? verbBroken(file) : []
}

/** One verb per file: `roll-back.ts` exports `rollBack(ctx, …)`, and no other function that takes `ctx`. */
function verbBroken(file: SourceFile): readonly Finding[] {
  const name = /([^/]+)\.ts$/.exec(file.path)?.[1] ?? ''
  const verb = name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
  const exported = contextFunctions(file)
  const others = exported.filter((each) => each.name !== verb && each.takes !== 'tx')
  if (exported.some((each) => each.name === verb) && others.length === 0) return []
  const names = exported.map((each) => `${each.name}(${each.takes})`).join(', ')
  return [`${file.path} should export the one verb ${verb}(ctx, input); it exports ${names}`]
}

function takesContext(file: SourceFile): boolean {
  return contextFunctions(file).length > 0
}

function contextFunctions(file: SourceFile): readonly { readonly name: string; readonly takes: string }[] {
  const declared =
    /^export\s+(?:async\s+)?(?:function\s*\*?\s*(\w+)|const\s+(\w+)\s*(?::[^=]+)?=\s*(?:async\s*)?)(?:<[^>]*>)?\s*\(\s*(ctx|system|tx)\b/gm
  return [...codeText(file.text).matchAll(declared)].map((match) => ({
    name: match[1] ?? match[2] ?? '',
    takes: match[3] ?? '',
  }))
}

function importsOf(file: SourceFile): readonly string[] {
  const statement = /^\s*(?:import|export)\b[^'"`;]*?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm
  return [...file.text.matchAll(statement)].map((match) => match[1] ?? match[2] ?? '')
}
