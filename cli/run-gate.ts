import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { AttestationError } from '#lib/attestations/attestation-error.ts'
import { envelopeText, parseEnvelope } from '#lib/attestations/dsse.ts'
import { Statement, vsaType } from '#lib/attestations/statement.ts'
import { parseTrust } from '#lib/attestations/trust.ts'
import { verifyAttestation } from '#lib/attestations/verify-attestation.ts'
import { systemClock } from '#lib/platform/clock.ts'
import { tokenOf } from './api-client.ts'
import { gateOutput, type GateVerdict } from './gate-output.ts'

export type GateFlags = {
  model: string
  digest?: string
  version?: string
  env: string
  url?: string
  workspace?: string
  output: 'text' | 'sarif' | 'junit'
  attestation: string
  trust?: string
  demo?: boolean
  tokenFile?: string
  timeout: string
}

const answerBytesMax = 2_000_000
const pauseMs = 1_000

/** What a server must answer; anything else is no answer. */
const Answer = z.object({
  allowed: z.boolean(),
  because: z.array(z.string().max(4_000)).max(100),
  subject: z.object({ digest: z.string(), version: z.string() }).nullable(),
  approvalId: z.string().nullable(),
  resourceUri: z.string().nullable(),
  verifierId: z.string(),
  attestation: z.object({ digest: z.string(), envelope: z.unknown() }).nullable(),
  pending: z.boolean(),
})
type Answer = z.output<typeof Answer>

/** That it cannot be told, and why: never an approval. */
class CannotTell extends Error {}

type Env = Readonly<Record<string, string | undefined>>

/** Asks and prints the verdict. @returns 0 approved and the decision written, 1 refused, 2 cannot tell */
export async function runGate(flags: GateFlags, env: Env): Promise<0 | 1 | 2> {
  const subject = `${flags.model} ${flags.version ?? flags.digest ?? ''} for ${flags.env}`
  try {
    const answer = await ask(flags, env)
    const approvalUrl = answer.approvalId === null ? null : `${originOf(flags, env)}/approvals/${answer.approvalId}`
    const outcome = answer.allowed ? 'approved' : 'refused'
    if (answer.allowed) await writeDecision(flags, answer)
    print(flags, { outcome, reasons: answer.because, subject, approvalUrl })
    return answer.allowed ? 0 : 1
  } catch (error) {
    // Whatever goes wrong, known or not: a gate that fails open is none.
    const reason = error instanceof Error ? error.message : String(error)
    print(flags, { outcome: 'unknown', reasons: [reason], subject, approvalUrl: null })
    return 2
  }
}

function print(flags: GateFlags, verdict: GateVerdict): void {
  const format = z.enum(['text', 'sarif', 'junit']).catch('text').parse(flags.output)
  process.stdout.write(gateOutput(format, verdict))
}

/** Asks until there is an answer with its attestation, or the time is over. */
async function ask(flags: GateFlags, env: Env): Promise<Answer> {
  const seconds = z.coerce.number().min(1).max(600).safeParse(flags.timeout)
  if (!seconds.success) throw new CannotTell('--timeout must be 1 to 600 seconds')
  if (!['text', 'sarif', 'junit'].includes(flags.output)) throw new CannotTell('--output must be text, sarif or junit')
  if (flags.digest === undefined && flags.version === undefined) throw new CannotTell('give --digest or --version')
  const url = urlOf(flags, env)
  const endMs = systemClock.monotonicMs() + seconds.data * 1_000
  for (;;) {
    const leftMs = endMs - systemClock.monotonicMs()
    if (leftMs <= 0) throw new CannotTell('the decision was not signed in time')
    const answer = await askOnce(url, flags, env, leftMs)
    if (!answer.allowed || !answer.pending) return answer
    await sleep(Math.min(pauseMs, Math.max(0, leftMs)))
  }
}

async function askOnce(url: URL, flags: GateFlags, env: Env, leftMs: number): Promise<Answer> {
  const { tokenFile } = flags
  const token = await tokenOf({
    ...(tokenFile === undefined ? {} : { tokenFile }),
    ...(env['QUARTERDECK_TOKEN'] ? { token: env['QUARTERDECK_TOKEN'] } : {}),
  })
  const headers = {
    accept: 'application/json',
    authorization: `Bearer ${token}`,
    ...(flags.workspace === undefined ? {} : { 'quarterdeck-workspace': flags.workspace }),
  }
  const response = await fetch(url, {
    headers,
    redirect: 'error',
    signal: AbortSignal.timeout(Math.ceil(leftMs)),
  }).catch((cause: unknown) => {
    throw new CannotTell(`${url.origin} does not answer: ${cause instanceof Error ? cause.message : String(cause)}`)
  })
  if (response.status !== 200)
    throw new CannotTell(`${url.origin} answered ${response.status}: ${await briefly(response)}`)
  const parsed = Answer.safeParse(jsonOf(await bodyOf(response)))
  if (!parsed.success) throw new CannotTell(`${url.origin} answered something else than a verdict`)
  return parsed.data
}

/** The decision must be the approval that was asked for, before it is written and believed. */
async function writeDecision(flags: GateFlags, answer: Answer): Promise<void> {
  if (answer.attestation === null) throw new CannotTell('the server says yes and gives no attestation')
  try {
    const { envelope, statement: bytes } = parseEnvelope(answer.attestation.envelope)
    const statement = Statement.parse(JSON.parse(bytes.toString('utf8')))
    const [subject] = statement.subject
    const wanted = flags.digest ?? answer.subject?.digest
    if (statement.predicateType !== vsaType || statement.predicate.verificationResult !== 'PASSED')
      throw new CannotTell('the attestation that came with the yes is no approval')
    if (`sha256:${subject?.digest.sha256}` !== wanted) throw new CannotTell('the attestation is for another digest')
    const uri = new URL(statement.predicate.resourceUri)
    if (uri.searchParams.get('env') !== flags.env || !uri.pathname.startsWith(`/${flags.model}/`))
      throw new CannotTell('the attestation is for another model or environment')
    if (flags.trust !== undefined) {
      const trust = parseTrust(await readFile(flags.trust, 'utf8'))
      verifyAttestation(envelope, trust, { approval: true, ...(flags.demo ? { demo: true } : {}) })
    }
    await writeFile(flags.attestation, envelopeText(envelope))
  } catch (error) {
    if (error instanceof AttestationError) throw new CannotTell(`the attestation is not believed: ${error.message}`)
    throw error
  }
}

function originOf(flags: GateFlags, env: Env): string {
  const text = flags.url ?? env['QUARTERDECK_URL']
  if (text === undefined) throw new CannotTell('give --url or set QUARTERDECK_URL')
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new CannotTell(`${text} is not the URL of an installation`)
  return new URL(text).origin
}

function urlOf(flags: GateFlags, env: Env): URL {
  const url = new URL('/api/v1/gate', originOf(flags, env))
  const { model, version, digest, env: environment } = flags
  for (const [name, value] of Object.entries({ model, environment, version, digest }))
    if (value !== undefined) url.searchParams.set(name, value)
  return url
}

async function bodyOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += part.length
    if (length > answerBytesMax) throw new CannotTell('the answer is too long')
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

async function briefly(response: Response): Promise<string> {
  const problem = z.object({ detail: z.string() }).safeParse(jsonOf(await bodyOf(response)))
  return problem.success ? problem.data.detail.slice(0, 300) : 'no reason given'
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Told apart by the schema: what is not JSON fits none.
    return undefined
  }
}
