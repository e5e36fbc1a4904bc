'use server'
import { headers } from 'next/headers'
import { AttestationError } from '#lib/attestations/attestation-error.ts'
import { explainVerification } from '#lib/attestations/explain-verification.ts'
import { findPublicByDigest, readTrust } from '#lib/attestations/reads-public.ts'
import { parseTrust, type Trust } from '#lib/attestations/trust.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { checkHost } from '#lib/platform/request-origin.ts'
import { checkOwnPage, field } from '../_server/act.ts'
import { webSystem } from '../_server/system.ts'
import type { VerifyState } from './state.ts'

/** For anybody, without signing in; it reads and changes nothing. */
export async function verifyAction(_: VerifyState, form: FormData): Promise<VerifyState> {
  const system = await webSystem()
  try {
    checkHost(system.config, (await headers()).get('host'))
    await checkOwnPage(system.config)
    const given = field(form, 'trust').trim()
    const trust: Trust = given === '' ? await readTrust(system) : parseTrust(given)
    const { checks, verified, because } = explainVerification(field(form, 'envelope'), trust, {
      demo: field(form, 'demo') === 'yes',
    })
    const here = verified && (await findPublicByDigest(system, verified.digest))
    return {
      status: 'answered',
      pinned: given !== '',
      checks,
      because,
      verified: verified && {
        kind: verified.statement.predicateType,
        about: verified.statement.subject.map(({ name, digest }) => `${name}, sha256:${digest.sha256}`).join('; '),
        digest: verified.digest,
        keyid: verified.keyid,
        demo: verified.demo,
        recordedHere: here?.recordedAt.toISOString() ?? null,
      },
    }
  } catch (error) {
    if (error instanceof AttestationError || isProblem(error, 'forbidden'))
      return { status: 'failed', message: error.message }
    throw error
  }
}
