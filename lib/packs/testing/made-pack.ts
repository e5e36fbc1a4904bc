import { createHash, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { envelopeOf, envelopeText, payloadType, preAuthEncoding } from '#lib/attestations/dsse.ts'
import { keyidOf } from '#lib/attestations/keyid.ts'
import { statementBytes, statementDigest, type Statement } from '#lib/attestations/statement.ts'
import { aDecision, aVote, someEvidence } from '#lib/attestations/statements.fixture.ts'
import type { Trust } from '#lib/attestations/trust.ts'
import { canonicalBytes, saltedDigest } from '#lib/audit/canonical.ts'
import { signCheckpoint } from '#lib/audit/checkpoint.ts'
import { leafBytes } from '#lib/audit/leaf.ts'
import { appendLeaf, EMPTY_FRONTIER, frontierRoot, leafHash } from '#lib/audit/merkle.ts'
import { proveInclusion } from '#lib/audit/merkle-proof.ts'
import { encodeVerifierKey } from '#lib/audit/note-key.ts'
import { encodeProof } from '#lib/audit/proof-format.ts'
import { perfectRoot } from '#lib/audit/right-edge.ts'
import { testSigner } from '#lib/audit/test-export.ts'
import type { PackAttestation, PackEntry } from '../model.ts'
import { packFiles, type Files } from '../pack-files.ts'

const at = new Date('2026-03-02T09:00:00.000Z')

export type MadePack = { files: Files; trust: Trust }

/** A pack as the product makes it, of made-up facts, signed by keys of its own: two votes, evidence, a decision, entries. */
export async function madePack(
  options: { entries?: number; statements?: readonly Statement[] } = {},
): Promise<MadePack> {
  const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const signer = testSigner('example.com/audit')
  const trust: Trust = {
    kind: 'quarterdeck-trust',
    version: 1,
    log: encodeVerifierKey(signer),
    keys: [
      { keyid: keyidOf(publicKey), publicKey, demo: false, validFrom: '2026-01-01T00:00:00.000Z', validUntil: null },
    ],
  }
  const inputs = options.statements ?? [aVote(), aVote({ subject: 'bob' }), someEvidence()]
  const digests = inputs.map((s) => statementDigest(statementBytes(s)))
  const attestations = [...inputs, aDecision({ inputs: digests })].map((s, n) => attested(s, n, pair.privateKey))
  const { entries, checkpoint } = await log(options.entries ?? 5, signer)
  const section = { heading: 'Version', facts: [['Model', 'fraud <b>']] as const }
  const facts = {
    kind: 'version',
    id: 'mv_1',
    title: 'fraud & co 7.0.0',
    sections: [section],
    data: {},
    ids: [],
  } as const
  const files = packFiles({
    facts,
    attestations,
    entries,
    checkpoint,
    trust,
    origin: 'https://gov.example',
    madeAt: at,
  })
  return { files, trust }
}

function attested(statement: Statement, n: number, key: KeyObject): PackAttestation {
  const bytes = statementBytes(statement)
  const signature = sign('sha256', preAuthEncoding(payloadType, bytes), { key, dsaEncoding: 'der' })
  const keyid = keyidOf(createPublicKey(key.export({ type: 'pkcs8', format: 'pem' })))
  const kinds = ['vote', 'vote', 'evidence', 'decision'] as const
  return {
    id: `at_${n}`,
    kind: kinds[n] ?? 'evidence',
    digest: statementDigest(bytes),
    demo: false,
    recordedAt: at,
    envelope: envelopeText(envelopeOf(bytes, keyid, signature)),
    statement,
  }
}

async function log(size: number, signer: ReturnType<typeof testSigner>) {
  const made = Array.from({ length: size }, (_, n) => entry(n))
  const hashes = made.map(({ leaf }) => leafHash(Buffer.from(leaf)))
  const root = frontierRoot(hashes.reduce(appendLeaf, EMPTY_FRONTIER))
  const checkpoint = signCheckpoint({ origin: signer.name, size, root }, 'nothing-signed-yet', [signer])
  const entries: PackEntry[] = []
  for (const [index, one] of made.entries()) {
    const path = await proveInclusion(index, size, (nodes) =>
      nodes.map(({ height, index: i }) => perfectRoot(hashes.slice(i * 2 ** height, (i + 1) * 2 ** height))),
    )
    entries.push({ ...one, proof: encodeProof({ index, hashes: path, checkpoint }) })
  }
  return { entries, checkpoint }
}

function entry(n: number): Omit<PackEntry, 'proof'> {
  const id = `ae_${String(n).padStart(26, '0')}`
  const content = { v: 1, action: 'approval:vote', because: `the ${n}th — ✓` }
  const salt = createHash('sha256').update(`salt ${n}`).digest().subarray(0, 16)
  const digest = saltedDigest(salt, content)
  const mac = createHash('sha256').update(`mac ${n}`).digest('hex')
  const leaf = leafBytes({ v: 1, id, time: at.toISOString(), kind: 'approval:vote', digest, mac }).toString('utf8')
  const told = { time: at, action: 'approval:vote', outcome: 'done', actor: 'Ada', because: content.because }
  return { ...told, id, leaf, content: canonicalBytes(content).toString('utf8'), salt: salt.toString('base64') }
}
