import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parse } from 'yaml'
import { root, type Finding, type SourceFile } from './repository.ts'

type Parser = { readonly files: RegExp; readonly module: string; readonly parser: string }

/** Who reads which policy files: the domain's own parser, by its file and its name. */
export const parsers: readonly Parser[] = [
  { files: /^policies\/approvals\/.+\.yaml$/, module: 'lib/approvals/policy.ts', parser: 'parseApprovalPolicy' },
  { files: /^policies\/cards\/.+\.yaml$/, module: 'lib/models/policy-card.ts', parser: 'parseCardPolicy' },
  { files: /^policies\/costs\/.+\.yaml$/, module: 'lib/costs/policy.ts', parser: 'parsePrices' },
  { files: /^policies\/drift\/.+\.yaml$/, module: 'lib/drift/policy.ts', parser: 'parseDriftPolicy' },
  { files: /^policies\/rollouts\/.+\.yaml$/, module: 'lib/rollouts/policy.ts', parser: 'parseRolloutPolicy' },
  { files: /^policies\/slos\/.+\.yaml$/, module: 'lib/slos/policy.ts', parser: 'parseSloPolicy' },
]

/** YAML files under policies/ that nobody reads, or that their reader refuses. The rules of roles are tested in lib/access. */
export async function brokenPolicies(
  file: SourceFile,
  table: readonly Parser[] = parsers,
): Promise<readonly Finding[]> {
  if (!file.path.startsWith('policies/')) return []
  try {
    if (!/\.ya?ml$/.test(file.path)) return []
    parse(file.text)
    const reader = table.find(({ files }) => files.test(file.path))
    if (reader === undefined) return [`${file.path} has no parser; add it to tests/tidy/policies.ts`]
    if (!existsSync(join(root, reader.module))) return [`${file.path} has no parser: ${reader.module} does not exist`]
    const read = (
      (await import(/* @vite-ignore */ pathToFileURL(join(root, reader.module)).href)) as Record<string, unknown>
    )[reader.parser]
    if (typeof read !== 'function') return [`${reader.module} does not export ${reader.parser}`]
    read(file.text, file.path)
    return []
  } catch (error) {
    return [`${file.path} cannot be read: ${error instanceof Error ? error.message : String(error)}`]
  }
}
