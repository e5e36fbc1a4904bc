import { processSingleton } from '#lib/platform/globals.ts'
import { policyFolder, readPolicyFiles } from '#lib/platform/policy-files.ts'
import { parseCardPolicy, type LoadedCardPolicy } from './policy-card.ts'

type Holder = { policy: LoadedCardPolicy | undefined }
const holder = () => processSingleton<Holder>('card-policy', () => ({ policy: undefined }))

/** Reads what a complete card has: the first file of the folder, by name. One that does not parse stops the start. */
export async function loadCardPolicies(folder = policyFolder('cards')): Promise<LoadedCardPolicy> {
  const policies = (await readPolicyFiles(folder)).map(({ file, text }) => parseCardPolicy(text, file))
  const [policy] = policies
  if (!policy || policies.length > 1) throw new Error(`${folder} has ${policies.length} card policies: one is read`)
  holder().policy = policy
  return policy
}

/** The card policy in force in this process. */
export function currentCardPolicy(): LoadedCardPolicy {
  const { policy } = holder()
  if (!policy) throw new Error('the card policy is not loaded: call loadCardPolicies at start')
  return policy
}
