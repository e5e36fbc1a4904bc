import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadApprovalPolicies } from '../load-policies.ts'

/** Puts these policies in force in this process, in the order given, as a change of the files would. */
export async function putInForce(...texts: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'quarterdeck-policies-'))
  try {
    await Promise.all(texts.map((text, i) => writeFile(join(folder, `${String(i).padStart(3, '0')}.yaml`), text)))
    await loadApprovalPolicies(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** A policy file for every environment, with what a test changes. */
export function policyText(name: string, fields: Record<string, string> = {}): string {
  const all: Record<string, string> = {
    when: '"true"',
    quorum: '{ approver: 2 }',
    separation: '[requester, version-author, run-owner, evidence-author]',
    evidence: '[]',
    approvalTtl: '14d',
    requestTtl: '7d',
    ...fields,
  }
  const lines = Object.entries(all).map(([key, value]) => `${key}: ${value}`)
  return ['apiVersion: quarterdeck/v1', 'kind: ApprovalPolicy', `name: ${name}`, ...lines, ''].join('\n')
}
