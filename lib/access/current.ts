import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { policyFolder } from '#lib/platform/policy-files.ts'
import { processSingleton } from '#lib/platform/globals.ts'
import { buildAccessRules, type AccessRules } from './rules.ts'

type Holder = { rules: AccessRules | undefined }
const holder = () => processSingleton<Holder>('access', () => ({ rules: undefined }))

/** The rules in force in this process. @throws when none were loaded: nothing is allowed before a policy is read. */
export function currentRules(): AccessRules {
  const { rules } = holder()
  if (!rules) throw new Error('access rules are not loaded: call loadAccessRules at start')
  return rules
}

/** Reads `model.conf` and `roles.csv` of the folder, tests them and swaps them in. On an error the old rules stay. */
export async function loadAccessRules(folder = policyFolder('access')): Promise<AccessRules> {
  const [model, policy] = await Promise.all([
    readFile(/* turbopackIgnore: true */ join(folder, 'model.conf'), 'utf8'),
    readFile(/* turbopackIgnore: true */ join(folder, 'roles.csv'), 'utf8'),
  ])
  const rules = await buildAccessRules(model, policy)
  holder().rules = rules
  return rules
}
