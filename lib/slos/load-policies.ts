import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { processSingleton } from '#lib/platform/globals.ts'
import { parseSloPolicy, type LoadedSloPolicy } from './policy.ts'

type Holder = { policies: readonly LoadedSloPolicy[] | undefined }
const holder = () => processSingleton<Holder>('slo-policies', () => ({ policies: undefined }))

/** Reads every policy file of the folder. One that does not parse, or a name used twice, stops the start. */
export async function loadSloPolicies(
  folder = join(process.cwd(), 'policies', 'slos'),
): Promise<readonly LoadedSloPolicy[]> {
  const files = (await readdir(folder)).filter((f) => f.endsWith('.yaml')).sort()
  const policies = await Promise.all(files.map(async (f) => parseSloPolicy(await readFile(join(folder, f), 'utf8'), f)))
  const names = policies.map((p) => p.policy.name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new Error(`two policies in ${folder} are named ${twice}: rename one of them`)
  holder().policies = policies
  return policies
}

/** The policies in force in this process. */
export function currentSloPolicies(): readonly LoadedSloPolicy[] {
  const { policies } = holder()
  if (!policies) throw new Error('SLO policies are not loaded: call loadSloPolicies at start')
  return policies
}
