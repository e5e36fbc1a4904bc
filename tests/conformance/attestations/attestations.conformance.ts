import { createPublicKey, generateKeyPairSync, randomInt } from 'node:crypto'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { bundleFromJSON } from '@sigstore/bundle'
import { toSignedEntity, Verifier } from '@sigstore/verify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseEnvelope, payloadType, preAuthEncoding } from '#lib/attestations/dsse.ts'
import { rotateAttestationKey } from '#lib/attestations/rotate-attestation-key.ts'
import { readTrust } from '#lib/attestations/reads-public.ts'
import { Statement, vsaType } from '#lib/attestations/statement.ts'
import { runVerifyScript, writeFiles, writeKeys } from '#lib/packs/testing/run-verify-script.ts'
import { verifyPack } from '#lib/packs/verify-pack.ts'
import { systemCtx } from '#lib/platform/call.ts'
import { decided } from './decided.ts'

const slsaVerifier = process.env['QUARTERDECK_SLSA_VERIFIER'] ?? 'slsa-verifier'
const root = path.join(import.meta.dirname, '..', '..', '..')
const flips = 200
let work: string
let d: Awaited<ReturnType<typeof decided>>
let decision: { file: string; text: string; statement: Extract<Statement, { predicateType: typeof vsaType }> }
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'quarterdeck-attestations-'))
  d = await decided(path.join(work, 'signing-keys'))
  await writeFiles(path.join(work, 'pack'), d.files)
  await writeKeys(path.join(work, 'keys'), d.trust)
  await writeFile(path.join(work, 'trust.json'), JSON.stringify(d.trust))
  await writeFile(path.join(work, 'key.pem'), d.trust.keys[0]!.publicKey)
  const file = Object.keys(d.files).find((name) => name.startsWith('attestations/decision-'))!
  const text = Buffer.from(d.files[file]!).toString('utf8')
  const statement = Statement.parse(JSON.parse(parseEnvelope(JSON.parse(text)).statement.toString('utf8')))
  if (statement.predicateType !== vsaType) throw new Error('the decision is no verification summary')
  decision = { file: path.join(work, 'pack', file), text, statement }
})
afterAll(async () => {
  await d?.t.close()
  await rm(work, { recursive: true, force: true })
})

type Outcome = { code: number; output: string }
const run = (program: string, args: readonly string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    execFile(program, [...args], { timeout: 120_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ code, output: `${stdout}${stderr}` })
    })
  })
const quarterdeck = (...args: string[]) => run(process.execPath, [path.join(root, 'cli', 'main.ts'), 'verify', ...args])
const slsa = (over: Record<string, string> = {}, file = decision.file) => {
  const flags = {
    'subject-digest': `sha256:${decision.statement.subject[0]!.digest.sha256}`,
    'attestation-path': file,
    'verifier-id': decision.statement.predicate.verifier.id,
    'resource-uri': decision.statement.predicate.resourceUri,
    'verified-level': 'QUARTERDECK_TWO_PERSON_APPROVED',
    'public-key-path': path.join(work, 'key.pem'),
    'public-key-id': d.trust.keys[0]!.keyid,
    ...over,
  }
  return run(slsaVerifier, ['verify-vsa', ...Object.entries(flags).flatMap(([k, v]) => [`--${k}`, v])])
}
const otherKey = async (name: string) => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  await writeFile(path.join(work, name), publicKey.export({ type: 'spki', format: 'pem' }))
  return path.join(work, name)
}

describe('a real approval', () => {
  it('has an envelope a vote, and a decision that rests on all of them and on the evidence', () => {
    const kinds = Object.keys(d.files)
      .filter((name) => name.startsWith('attestations/'))
      .map((name) => /attestations\/(\w+)-/.exec(name)?.[1])
    expect(kinds.filter((k) => k === 'vote')).toHaveLength(2)
    expect(kinds.filter((k) => k === 'decision')).toHaveLength(1)
    expect(decision.statement.predicate.inputAttestations).toHaveLength(kinds.length - 1)
    expect(decision.statement.predicate).toMatchObject({ verificationResult: 'PASSED' })
    expect(d.gate).toMatchObject({ allowed: true, attestation: { envelope: JSON.parse(decision.text) as unknown } })
  })
})

describe('slsa-verifier v2.7.1', () => {
  it('believes the decision', async () => {
    const told = await slsa()
    expect(told).toMatchObject({ code: 0 })
  })

  it.each([
    ['another resource', { 'resource-uri': 'models:/fraud/1.1.0?env=staging' }],
    ['another level', { 'verified-level': 'QUARTERDECK_VALIDATOR_APPROVED' }],
    ['another verifier', { 'verifier-id': 'https://elsewhere.example' }],
    ['another digest', { 'subject-digest': `sha256:${'0'.repeat(64)}` }],
  ])('refuses %s', async (_, over) => {
    expect((await slsa(over)).code).not.toBe(0)
  })

  it('refuses another key and a changed payload', async () => {
    expect((await slsa({ 'public-key-path': await otherKey('slsa-other.pem') })).code).not.toBe(0)
    const file = path.join(work, 'changed.dsse.json')
    const { envelope, statement } = parseEnvelope(JSON.parse(decision.text))
    const changed = statement.toString('utf8').replace('fraud', 'frauD')
    await writeFile(file, JSON.stringify({ ...envelope, payload: Buffer.from(changed).toString('base64') }))
    expect((await slsa({}, file)).code).not.toBe(0)
  })
})

describe('@sigstore/verify', () => {
  const verifier = (publicKeyPem: string) =>
    new Verifier(
      {
        certificateAuthorities: [],
        timestampAuthorities: [],
        tlogs: [],
        ctlogs: [],
        publicKey: () => ({ publicKey: createPublicKey(publicKeyPem), validFor: () => true }),
      },
      { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 },
    )
  const bundles = () => Object.keys(d.files).filter((name) => name.startsWith('bundles/'))
  const bundleOf = (name: string): unknown => JSON.parse(Buffer.from(d.files[name]!).toString('utf8'))

  it('believes every bundle', () => {
    expect(bundles().length).toBeGreaterThanOrEqual(3)
    for (const name of bundles()) {
      const entity = toSignedEntity(bundleFromJSON(bundleOf(name)))
      expect(verifier(d.trust.keys[0]!.publicKey).verify(entity).key).toBeDefined()
    }
  })

  it('refuses another key and a changed payload', async () => {
    const name = bundles()[0]!
    const other = await readFile(await otherKey('sigstore-other.pem'), 'utf8')
    expect(() => verifier(other).verify(toSignedEntity(bundleFromJSON(bundleOf(name))))).toThrow()
    const bundle = bundleOf(name) as { dsseEnvelope: { payload: string } }
    const payload = Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString('utf8').replace('fraud', 'frauD')
    bundle.dsseEnvelope.payload = Buffer.from(payload).toString('base64')
    expect(() => verifier(d.trust.keys[0]!.publicKey).verify(toSignedEntity(bundleFromJSON(bundle)))).toThrow()
  })
})

describe('openssl', () => {
  it('believes every signature over its pre-authentication encoding, and none over anything else', async () => {
    for (const name of Object.keys(d.files).filter((n) => n.startsWith('attestations/'))) {
      const { envelope, statement } = parseEnvelope(JSON.parse(Buffer.from(d.files[name]!).toString('utf8')))
      const [pae, sig] = [path.join(work, 'pae'), path.join(work, 'sig')]
      await writeFile(pae, preAuthEncoding(payloadType, statement))
      await writeFile(sig, Buffer.from(envelope.signatures[0]!.sig, 'base64'))
      const args = ['dgst', '-sha256', '-verify', path.join(work, 'key.pem'), '-signature', sig, pae]
      expect(await run('openssl', args)).toMatchObject({ code: 0 })
      await writeFile(pae, statement)
      expect((await run('openssl', args)).code).not.toBe(0)
    }
  })

  it('verifies the pack by verify.sh', async () => {
    const told = await runVerifyScript(work, path.join(work, 'pack'), ['--trust', path.join(work, 'keys')])
    expect(told).toMatchObject({ code: 0 })
    expect(told.output).toMatch(/^sound: \d+ attestations signed by trusted keys, [1-9]\d* entries in the audit log\n$/)
  })
})

describe('quarterdeck verify', () => {
  const trusted = () => ['--trust', path.join(work, 'trust.json')]

  it('believes the zip file, the folder, the envelope and the bundle', async () => {
    await writeFile(path.join(work, 'pack.zip'), d.exported.zip)
    const bundle = decision.file
      .replace('/pack/attestations/', '/pack/bundles/')
      .replace('.dsse.json', '.sigstore.json')
    for (const file of [path.join(work, 'pack.zip'), path.join(work, 'pack'), decision.file, bundle]) {
      const told = await quarterdeck(file, ...trusted(), '--level', 'QUARTERDECK_TWO_PERSON_APPROVED')
      expect(told).toMatchObject({ code: 0 })
    }
  })

  it('says which expectation is not met', async () => {
    const cases: [string[], string][] = [
      [['--resource-uri', 'models:/fraud/1.1.0?env=staging'], 'resource-mismatch'],
      [['--level', 'QUARTERDECK_VALIDATOR_APPROVED'], 'level-missing'],
      [['--verifier-id', 'https://elsewhere.example'], 'verifier-mismatch'],
      [['--digest', `sha256:${'0'.repeat(64)}`], 'digest-mismatch'],
    ]
    for (const [args, code] of cases) {
      const told = await quarterdeck(decision.file, ...trusted(), ...args)
      expect(told).toMatchObject({ code: 1 })
      expect(told.output).toContain(code)
    }
  })

  it('refuses another key, and a key whose interval was over', async () => {
    const told = await quarterdeck(decision.file, '--key', await otherKey('other.pem'))
    expect(told).toMatchObject({ code: 1 })
    expect(told.output).toContain('key-unknown')
    const [key] = d.trust.keys
    const expired = path.join(work, 'expired.json')
    const validUntil = new Date(Date.parse(decision.statement.predicate.timeVerified) - 1).toISOString()
    await writeFile(expired, JSON.stringify({ ...d.trust, keys: [{ ...key, validUntil }] }))
    const late = await quarterdeck(decision.file, '--trust', expired)
    expect(late).toMatchObject({ code: 1 })
    expect(late.output).toContain('key-outside-interval')
  })

  it('cannot tell without a trusted key, or of what is no attestation', async () => {
    expect(await quarterdeck(decision.file)).toMatchObject({ code: 2 })
    expect(await quarterdeck(path.join(work, 'pack'))).toMatchObject({ code: 2 })
    expect(await quarterdeck(path.join(work, 'nowhere'), ...trusted())).toMatchObject({ code: 2 })
  })

  it('still believes after a rotation, by the trust file of then and of now', async () => {
    d.t.clock.advance(3_600_000)
    await rotateAttestationKey(systemCtx(d.t.system), { reason: 'a rotation in this run' })
    await d.settle()
    const now = path.join(work, 'trust-now.json')
    const trust = await readTrust(d.t.system)
    expect(trust.keys).toHaveLength(2)
    await writeFile(now, JSON.stringify(trust))
    expect(await quarterdeck(decision.file, '--trust', now)).toMatchObject({ code: 0 })
    expect(await quarterdeck(decision.file, ...trusted())).toMatchObject({ code: 0 })
  })
})

describe(`${flips} random single-bit changes`, () => {
  it('are each detected and named, by the verifier and by verify.sh', async () => {
    const names = Object.keys(d.files)
    const pack = path.join(work, 'flipped')
    await writeFiles(pack, d.files)
    const missed: string[] = []
    for (let n = 0; n < flips; n++) {
      const name = names[randomInt(names.length)]!
      const bytes = Buffer.from(d.files[name]!)
      const bit = randomInt(bytes.length * 8)
      bytes[bit >> 3]! ^= 1 << (bit & 7)
      const found = verifyPack({ ...d.files, [name]: bytes }, d.trust, { demo: false })
      if (!found.findings.some((f) => f.file === name)) missed.push(`verify: bit ${bit} of ${name}`)
      await writeFile(path.join(pack, name), bytes)
      const told = await runVerifyScript(work, pack, ['--trust', path.join(work, 'keys')])
      if (told.code !== 1 || !told.output.includes(`${name}: `))
        missed.push(`verify.sh: bit ${bit} of ${name}: ${told.output}`)
      await writeFile(path.join(pack, name), d.files[name]!)
    }
    expect(missed).toEqual([])
  })
})
