import { processSingleton } from '#lib/platform/globals.ts'
import { policyFolder, readPolicyFiles } from '#lib/platform/policy-files.ts'
import { parseDriftPolicy, type DriftPolicy } from './policy.ts'

type Holder = { policies: ReadonlyMap<string, DriftPolicy> | undefined }
const holder = () => processSingleton<Holder>('drift-policies', () => ({ policies: undefined }))

/** Reads every drift policy of the folder. One that does not parse, or a name that repeats, stops the start. */
export async function loadDriftPolicies(folder = policyFolder('drift')): Promise<ReadonlyMap<string, DriftPolicy>> {
  const policies = new Map<string, DriftPolicy>()
  for (const { file, text } of await readPolicyFiles(folder)) {
    const policy = parseDriftPolicy(text)
    if (policies.has(policy.name)) throw new Error(`${file}: there is a drift policy named ${policy.name} already`)
    policies.set(policy.name, policy)
  }
  holder().policies = policies
  return policies
}

/** The policies in force in this process, read when first asked for unless the start has. */
export async function currentDriftPolicies(): Promise<ReadonlyMap<string, DriftPolicy>> {
  return holder().policies ?? loadDriftPolicies()
}
