import { unzipSync } from 'fflate'
import { reconcileAttestations } from '#lib/attestations/reconcile.ts'
import { readTrust } from '#lib/attestations/reads-public.ts'
import { sequenceEntries } from '#lib/audit/sequence.ts'
import { loadApprovalPolicies } from '#lib/approvals/load-policies.ts'
import { approvalSite } from '#lib/approvals/testing/request.ts'
import { exportPack } from '#lib/packs/export-pack.ts'
import { askGate } from '#lib/packs/reads-gate.ts'
import { fileKms } from '#lib/platform/adapters/file/kms.ts'
import { testSystem } from '../../support/system.ts'

/** A version that two people approved, by the product's own verbs, signed by a key in a file, and its evidence pack. */
export async function decided(folder: string) {
  await loadApprovalPolicies()
  const t = await testSystem({
    ports: (system) => {
      const kms = fileKms({ folder, passphrase: 'for this run only', now: () => system().clock.now() })
      return { kms: () => kms }
    },
  })
  const ws = await t.workspace()
  const site = await approvalSite(t.system, ws)
  const version = await site.submit()
  const request = await site.ask(version.id)
  for (const name of ['priya', 'tomas']) await site.vote(await ws.as('approver', name), request)
  const settle = async () => {
    for (let turn = 0; turn < 20 && (await reconcileAttestations(t.system, 'run')) > 0; turn++);
    for (let turn = 0; turn < 20 && (await sequenceEntries(t.system)) > 0; turn++);
  }
  await settle()
  const auditor = await ws.as('auditor', 'ingrid')
  const exported = await exportPack(auditor, { kind: 'approval', id: request.id })
  const question = { model: 'fraud', version: version.version, environment: 'production' }
  const gate = await askGate(auditor, question)
  return {
    t,
    ws,
    site,
    version,
    request,
    auditor,
    exported,
    gate,
    settle,
    files: unzipSync(exported.zip),
    trust: await readTrust(t.system),
  }
}
