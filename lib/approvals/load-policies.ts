import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { processSingleton } from '#lib/platform/globals.ts'
import { parseApprovalPolicy, type LoadedPolicy } from './policy.ts'

type Holder = { policies: readonly LoadedPolicy[] | undefined }
const holder = () => processSingleton<Holder>('approval-policies', () => ({ policies: undefined }))

/** Reads every policy file of the folder, in the order of their names. One that does not parse stops the start. */
export async function loadApprovalPolicies(
  folder = join(process.cwd(), 'policies', 'approvals'),
): Promise<readonly LoadedPolicy[]> {
  const files = (await readdir(folder)).filter((f) => f.endsWith('.yaml')).sort()
  const policies = await Promise.all(
    files.map(async (f) => parseApprovalPolicy(await readFile(join(folder, f), 'utf8'), f)),
  )
  if (policies.length === 0) throw new Error(`no approval policy in ${folder}: nothing could ever be approved`)
  holder().policies = policies
  return policies
}

/** The policies in force in this process. */
export function currentApprovalPolicies(): readonly LoadedPolicy[] {
  const { policies } = holder()
  if (!policies) throw new Error('approval policies are not loaded: call loadApprovalPolicies at start')
  return policies
}
