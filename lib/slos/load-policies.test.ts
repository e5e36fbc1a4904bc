import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { policyFolder, readPolicyFiles } from '#lib/platform/policy-files.ts'
import { currentSloPolicies, loadSloPolicies } from './load-policies.ts'

describe('loadSloPolicies', () => {
  it('says what to do before it ran, then gives what the files say', async () => {
    expect(() => currentSloPolicies()).toThrow('call loadSloPolicies at start')
    await loadSloPolicies()
    expect(currentSloPolicies().map((p) => p.policy.name)).toEqual(['default', 'demo'])
  })

  it('stops at a name that is used twice', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slos-'))
    const [first] = await readPolicyFiles(policyFolder('slos'))
    for (const file of ['a.yaml', 'b.yaml']) await writeFile(join(folder, file), first!.text)
    await expect(loadSloPolicies(folder)).rejects.toThrow('are named default')
  })
})
