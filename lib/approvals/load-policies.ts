import { processSingleton } from '#lib/platform/globals.ts'
import { policyFolder, readPolicyFiles } from '#lib/platform/policy-files.ts'
import { parseApprovalPolicy, type LoadedPolicy } from './policy.ts'

type Holder = { policies: readonly LoadedPolicy[] | undefined }
const holder = () => processSingleton<Holder>('approval-policies', () => ({ policies: undefined }))

/** Reads every policy file of the folder, in the order of their names. One that does not parse stops the start. */
export async function loadApprovalPolicies(folder = policyFolder('approvals')): Promise<readonly LoadedPolicy[]> {
  const policies = (await readPolicyFiles(folder)).map(({ file, text }) => parseApprovalPolicy(text, file))
  holder().policies = policies
  return policies
}

/** The policies in force in this process. */
export function currentApprovalPolicies(): readonly LoadedPolicy[] {
  const { policies } = holder()
  if (!policies) throw new Error('approval policies are not loaded: call loadApprovalPolicies at start')
  return policies
}
