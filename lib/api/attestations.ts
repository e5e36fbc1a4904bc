import { z } from '@hono/zod-openapi'
import { RotateKeyInput } from '#lib/attestations/model.ts'
import { listAttestationKeys, listAttestations, readAttestation } from '#lib/attestations/reads.ts'
import { rotateAttestationKey } from '#lib/attestations/rotate-attestation-key.ts'
import { exportPack } from '#lib/packs/export-pack.ts'
import { packKinds, type PackKind } from '#lib/packs/model.ts'
import { askGate } from '#lib/packs/reads-gate.ts'
import type { IdKind } from '#lib/platform/ids.ts'
import { defineRoute, type ApiRoute } from './route.ts'
import { idOf, idParam, instant, instantOrNull, structure } from './schemas.ts'

const tag = 'Attestations'

const envelope = z.union([structure('a DSSE envelope: payload, payloadType, signatures'), z.null()])
const fields = {
  id: z.string(),
  kind: z.enum(['vote', 'decision', 'evidence']),
  subject: z.object({ kind: z.string(), id: z.string() }),
  digest: z.string().openapi({ description: 'of the statement’s bytes: the envelope’s payload' }),
  demo: z.boolean().openapi({ description: 'a local persona made it: verifiers refuse it' }),
  recordedAt: instant,
  signedAt: instantOrNull,
  keyid: z.string().nullable(),
  envelopeDigest: z.string().nullable(),
  envelope: envelope.openapi({ description: 'null while it waits for its signature' }),
}
const Attestation = z.object(fields).openapi('Attestation')
const AttestationDetail = z
  .object({ ...fields, bundle: z.union([structure('the same as a Sigstore bundle v0.3'), z.null()]) })
  .openapi('AttestationDetail')
const AttestationKey = z
  .object({
    id: z.string(),
    demo: z.boolean(),
    keyid: z.string().nullable(),
    publicKey: z.string().nullable().openapi({ description: 'PEM; null while it is being made' }),
    validFrom: instantOrNull,
    validUntil: instantOrNull,
  })
  .openapi('AttestationKey')
const EvidencePack = z
  .object({
    name: z.string(),
    sha256: z.string(),
    content: z.string().openapi({ format: 'byte', description: 'the zip file, base64' }),
  })
  .openapi('EvidencePack')
const GateAnswer = z
  .object({
    allowed: z.boolean(),
    because: z.array(z.string()),
    subject: z
      .object({
        model: z.string(),
        version: z.string(),
        versionId: z.string(),
        digest: z.string(),
        environment: z.string(),
      })
      .nullable(),
    approvalId: z.string().nullable(),
    expiresAt: instantOrNull,
    resourceUri: z.string().nullable(),
    verifierId: z.string(),
    attestation: z.object({ digest: z.string(), envelope }).nullable(),
    pending: z.boolean().openapi({ description: 'allowed, and the attestation waits for its signature: ask again' }),
  })
  .openapi('GateAnswer')

const name = z.string().min(1).max(100)

const nouns: Record<PackKind, { plural: string; of: IdKind; operationId: string }> = {
  version: { plural: 'versions', of: 'version', operationId: 'exportVersionPack' },
  approval: { plural: 'approvals', of: 'approval', operationId: 'exportApprovalPack' },
  rollout: { plural: 'rollouts', of: 'rollout', operationId: 'exportRolloutPack' },
  incident: { plural: 'incidents', of: 'incident', operationId: 'exportIncidentPack' },
}

export const attestationRoutes: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/attestations',
    operationId: 'listAttestations',
    summary: 'What was attested about a version or a request for approval, oldest first',
    tag,
    action: 'attestation:read',
    query: z.strictObject({ subjectId: z.union([idOf('version'), idOf('approval')]) }),
    status: 200,
    response: z.object({ items: z.array(Attestation) }),
    run: async (ctx, { query }) => ({ items: await listAttestations(ctx, query) }),
  }),
  defineRoute({
    method: 'get',
    path: '/attestations/{attestationId}',
    operationId: 'readAttestation',
    summary: 'An attestation as a DSSE envelope and as a Sigstore bundle',
    tag,
    action: 'attestation:read',
    params: idParam('attestationId', 'attestation'),
    status: 200,
    response: AttestationDetail,
    run: (ctx, { params }) => readAttestation(ctx, params.attestationId),
  }),
  defineRoute({
    method: 'get',
    path: '/attestation-keys',
    operationId: 'listAttestationKeys',
    summary: 'The keys that sign and have signed attestations, with their intervals',
    tag,
    action: 'attestation:read',
    status: 200,
    response: z.object({ items: z.array(AttestationKey) }),
    run: async (ctx) => ({ items: await listAttestationKeys(ctx) }),
  }),
  defineRoute({
    method: 'post',
    path: '/attestation-keys/rotate',
    operationId: 'rotateAttestationKey',
    summary: 'Ask for another key to sign attestations with',
    description:
      "An act in the installation's own workspace: send `quarterdeck-workspace: quarterdeck`. The worker makes the key; until then the old one signs.",
    tag,
    action: 'attestation-key:rotate',
    body: RotateKeyInput,
    status: 202,
    response: AttestationKey,
    problems: ['conflict'],
    run: (ctx, { body }) => rotateAttestationKey(ctx, body),
  }),
  defineRoute({
    method: 'get',
    path: '/gate',
    operationId: 'askGate',
    summary: 'May this version serve in that environment now, with the signed decision',
    description:
      'For pipelines: the question that a rollout asks at each step. A version or an environment that is not there is refused with `allowed: false`, not with an error.',
    tag,
    action: 'approval:read',
    query: z.strictObject({
      model: name,
      environment: name,
      digest: z
        .string()
        .regex(/^sha256:[0-9a-f]{64}$/)
        .optional(),
      version: z.string().min(1).max(64).optional(),
    }),
    status: 200,
    response: GateAnswer,
    run: (ctx, { query }) => askGate(ctx, query),
  }),
  ...packKinds.map(packRoute),
]

function packRoute(kind: PackKind): ApiRoute {
  const { plural, of, operationId } = nouns[kind]
  const param = `${kind}Id`
  return defineRoute({
    method: 'get',
    path: `/${plural}/{${param}}/evidence-pack`,
    operationId,
    summary: `The evidence pack of ${kind === 'approval' || kind === 'incident' ? 'an' : 'a'} ${kind}; that it was made is recorded`,
    tag,
    action: 'pack:export',
    params: idParam(param, of),
    status: 200,
    response: EvidencePack,
    run: async (ctx, { params }) => {
      const { name: file, zip, sha256 } = await exportPack(ctx, { kind, id: params[param] ?? '' })
      return { name: file, sha256, content: Buffer.from(zip).toString('base64') }
    },
  })
}
