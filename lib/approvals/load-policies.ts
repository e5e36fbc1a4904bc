import { processSingleton } from '#lib/platform/globals.ts'
import { policyFolder, readPolicyFiles } from '#lib/platform/policy-files.ts'
import { parseApprovalPolicy, type LoadedPolicy } from './policy.ts'

/** A policy as its file says it. */
export type PolicySource = { name: string; file: string; text: string }
type Holder = { policies: readonly LoadedPolicy[] | undefined; sources: readonly PolicySource[] }
const holder = () => processSingleton<Holder>('approval-policies', () => ({ policies: undefined, sources: [] }))

/** Reads every policy file of the folder, in the order of their names. One that does not parse stops the start. */
export async function loadApprovalPolicies(folder = policyFolder('approvals')): Promise<readonly LoadedPolicy[]> {
  const files = await readPolicyFiles(folder)
  const policies = files.map(({ file, text }) => parseApprovalPolicy(text, file))
  const sources = files.map(({ file, text }, i) => ({ name: policies[i]?.policy.name ?? file, file, text }))
  Object.assign(holder(), { policies, sources } satisfies Holder)
  return policies
}

/** The policies in force in this process. */
export function currentApprovalPolicies(): readonly LoadedPolicy[] {
  const { policies } = holder()
  if (!policies) throw new Error('approval policies are not loaded: call loadApprovalPolicies at start')
  return policies
}

/** Their files' texts, in the same order: to be changed and tried, with the comments that explain them. */
export function currentPolicySources(): readonly PolicySource[] {
  return holder().sources
}
