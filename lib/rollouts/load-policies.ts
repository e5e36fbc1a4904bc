import { problem } from '#lib/platform/errors.ts'
import { processSingleton } from '#lib/platform/globals.ts'
import { policyFolder, readPolicyFiles } from '#lib/platform/policy-files.ts'
import { parseRolloutPolicy, policyDigest, RolloutPolicyError, type RolloutPolicy } from './policy.ts'

export type LoadedRolloutPolicy = { policy: RolloutPolicy; digest: string }
type Holder = { policies: ReadonlyMap<string, LoadedRolloutPolicy> | undefined }
const holder = () => processSingleton<Holder>('rollout-policies', () => ({ policies: undefined }))

/** Reads every rollout policy of the folder, by name. One that does not parse, or a name used twice, stops the start. */
export async function loadRolloutPolicies(
  folder = policyFolder('rollouts'),
): Promise<ReadonlyMap<string, LoadedRolloutPolicy>> {
  const policies = new Map<string, LoadedRolloutPolicy>()
  for (const { file, text } of await readPolicyFiles(folder)) {
    const policy = parseFile(text, file)
    if (policies.has(policy.name)) throw new Error(`${file}: there is a rollout policy named ${policy.name} already`)
    policies.set(policy.name, { policy, digest: policyDigest(policy) })
  }
  holder().policies = policies
  return policies
}

/** The policy of that name in this process. @throws `conflict` when there is none */
export function currentRolloutPolicy(name: string): LoadedRolloutPolicy {
  const { policies } = holder()
  if (!policies) throw new Error('rollout policies are not loaded: call loadRolloutPolicies at start')
  const found = policies.get(name)
  if (!found) {
    throw problem(
      'conflict',
      `There is no rollout policy named ${name}. Add it to policies/rollouts, or choose another.`,
      {
        known: [...policies.keys()],
      },
    )
  }
  return found
}

function parseFile(text: string, file: string): RolloutPolicy {
  try {
    return parseRolloutPolicy(text)
  } catch (error) {
    if (error instanceof RolloutPolicyError) throw new Error(`${file}: ${error.message}`, { cause: error })
    throw error
  }
}
