import { loadApprovalPolicies } from '#lib/approvals/load-policies.ts'
import { builtinRegistry } from '#lib/models/builtin-registry.ts'
import { testSystem, type TestSystem } from '../../../tests/support/system.ts'
import { loadRolloutPolicies } from '../load-policies.ts'

/** A system with the builtin registry, the memory data plane and the rollout policies of this folder. */
export async function storySystem(): Promise<TestSystem> {
  const t = await testSystem({ ports: (system) => ({ registry: (id) => builtinRegistry(system, id) }) })
  await Promise.all([loadApprovalPolicies(), loadRolloutPolicies(import.meta.dirname)])
  return t
}
