import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { ClusterIdentity, ExecPlugin } from './access.ts'

/** What a request proves itself with. */
export type Proof = { token: string | null; certificate: { cert: string; key: string } | null }

export type Credentials = {
  /** The present proof. @throws when the file or the plugin fails, with words that say which. */
  prove(): Promise<Proof>
  /** Forgets what is kept, after the server has refused it. */
  forget(): void
}

// As client-go: what is on disk is looked at again after a minute. A service account's token is renewed at 80 % of its life.
const keptMsMax = 60_000
/** What is about to end is not used for a request that may take a while. */
const marginMs = 30_000
const pluginMsMax = 20_000
const pluginBytesMax = 1_048_576

const execCredential = z.object({
  kind: z.literal('ExecCredential'),
  status: z.object({
    expirationTimestamp: z.string().optional(),
    token: z.string().min(1).optional(),
    clientCertificateData: z.string().min(1).optional(),
    clientKeyData: z.string().min(1).optional(),
  }),
})

/** What an exec plugin finds around it (PATH, HOME, the variables of its provider). */
export type Environment = Readonly<Record<string, string | undefined>>

/** Proofs of an identity, kept while they are good. `nowMs` is wall time, epoch ms. */
export function credentialsOf(identity: ClusterIdentity, nowMs: () => number, environment: Environment): Credentials {
  let kept: { proof: Proof; untilMs: number } | null = null
  const fresh = async (): Promise<{ proof: Proof; untilMs: number }> => {
    if (identity.kind === 'token-file') return { proof: await tokenIn(identity.path), untilMs: nowMs() + keptMsMax }
    if (identity.kind === 'exec')
      return readCredential(await runPlugin(identity.plugin, environment), identity.plugin.command)
    const token = identity.kind === 'token' ? identity.token : null
    return { proof: { token, certificate: identity.kind === 'certificate' ? identity : null }, untilMs: Infinity }
  }
  return {
    prove: async () => {
      if (kept === null || nowMs() >= kept.untilMs) kept = await fresh()
      return kept.proof
    },
    forget: () => {
      kept = null
    },
  }
}

async function tokenIn(path: string): Promise<Proof> {
  const token = (await readFile(path, 'utf8')).trim()
  if (token === '') throw new Error(`the token file ${path} is empty`)
  return { token, certificate: null }
}

/** An ExecCredential as a proof and the epoch ms until which it is used. */
export function readCredential(stdout: string, command: string): { proof: Proof; untilMs: number } {
  let document: unknown
  try {
    document = JSON.parse(stdout)
  } catch (cause) {
    throw new Error(`the exec plugin ${command} did not print JSON`, { cause })
  }
  const parsed = execCredential.safeParse(document)
  if (!parsed.success) throw new Error(`the exec plugin ${command} did not print an ExecCredential with a status`)
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = parsed.data.status
  if (token === undefined && (cert === undefined || key === undefined)) {
    throw new Error(`the exec plugin ${command} printed neither a token nor a certificate with its key`)
  }
  const endsMs = expirationTimestamp === undefined ? Infinity : Date.parse(expirationTimestamp)
  if (Number.isNaN(endsMs)) throw new Error(`the exec plugin ${command} printed an expirationTimestamp that is no time`)
  const certificate = cert === undefined || key === undefined ? null : { cert, key }
  return { proof: { token: token ?? null, certificate }, untilMs: endsMs - marginMs }
}

function runPlugin(plugin: ExecPlugin, environment: Environment): Promise<string> {
  const spec = { interactive: false, ...(plugin.cluster === null ? {} : { cluster: plugin.cluster }) }
  const info = { apiVersion: plugin.apiVersion, kind: 'ExecCredential', spec }
  const told: Environment = { ...environment, ...plugin.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) }
  const options = { timeout: pluginMsMax, maxBuffer: pluginBytesMax, env: told as NodeJS.ProcessEnv }
  return new Promise((resolve, reject) => {
    execFile(plugin.command, plugin.args, options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout)
      const said = stderr.trim().split('\n')[0]?.slice(0, 300) ?? ''
      const why = error.code === 'ENOENT' ? 'is not installed' : `failed${said === '' ? '' : `: ${said}`}`
      reject(new Error(`the exec plugin ${plugin.command} ${why}`, { cause: error }))
    })
  })
}
