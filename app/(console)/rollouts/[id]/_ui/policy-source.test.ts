import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { parseRolloutPolicy } from '#lib/rollouts/policy.ts'
import { policySource } from './policy-source.ts'

const folder = new URL('../../../../../policies/rollouts/', import.meta.url)

describe('a policy as a file', () => {
  it('is read back as the same policy, for every policy of the product', async () => {
    const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml'))
    expect(files.length).toBeGreaterThan(0)
    for (const file of files) {
      const policy = parseRolloutPolicy(await readFile(new URL(file, folder), 'utf8'))
      expect(parseRolloutPolicy(stringify(policySource(policy)))).toEqual(policy)
    }
  })
})
