import { processSingleton } from '#lib/platform/globals.ts'
import { policyFolder, readPolicyFiles } from '#lib/platform/policy-files.ts'
import { parseSloPolicy, type LoadedSloPolicy } from './policy.ts'

type Holder = { policies: readonly LoadedSloPolicy[] | undefined }
const holder = () => processSingleton<Holder>('slo-policies', () => ({ policies: undefined }))

/** Reads every policy file of the folder. One that does not parse, or a name used twice, stops the start. */
export async function loadSloPolicies(folder = policyFolder('slos')): Promise<readonly LoadedSloPolicy[]> {
  const policies = (await readPolicyFiles(folder)).map(({ file, text }) => parseSloPolicy(text, file))
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
