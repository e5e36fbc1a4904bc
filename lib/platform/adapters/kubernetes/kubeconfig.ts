import path from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { problem } from '../../errors.ts'
import type { ClusterAccess, ClusterIdentity, ExecPlugin } from './access.ts'

const named = <T extends z.ZodType>(key: string, value: T) => z.array(z.looseObject({ name: z.string(), [key]: value }))
const text = z.string().min(1)

// https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
const clusterSchema = z.object({
  server: text,
  'certificate-authority': text.optional(),
  'certificate-authority-data': text.optional(),
  'insecure-skip-tls-verify': z.boolean().optional(),
  'tls-server-name': text.optional(),
  'proxy-url': text.optional(),
})
const execSchema = z.object({
  apiVersion: z.enum(['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1']),
  command: text,
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: text, value: z.string() })).nullish(),
  provideClusterInfo: z.boolean().nullish(),
})
const userSchema = z.object({
  token: text.optional(),
  tokenFile: text.optional(),
  'client-certificate': text.optional(),
  'client-certificate-data': text.optional(),
  'client-key': text.optional(),
  'client-key-data': text.optional(),
  username: text.optional(),
  'auth-provider': z.unknown().optional(),
  exec: execSchema.optional(),
})
const contextSchema = z.object({ cluster: text, user: text.optional(), namespace: text.optional() })
const fileSchema = z.object({
  'current-context': z.string().optional(),
  contexts: named('context', contextSchema),
  clusters: named('cluster', clusterSchema),
  users: named('user', userSchema).optional(),
})

type Cluster = z.infer<typeof clusterSchema>
type User = z.infer<typeof userSchema>

export type KubeconfigSource = {
  /** What stands in the file. */
  text: string
  /** The folder of the file: relative paths in it are meant from there. */
  folder: string
  /** The context to use; null takes `current-context`. */
  context: string | null
  /** Reads a file that the kubeconfig points to. */
  readFile: (path: string) => string
}

/** The access that a kubeconfig describes. @throws a `invalid` problem that names what is wrong and how to mend it. */
export function parseKubeconfig(source: KubeconfigSource): ClusterAccess {
  const file = readShape(source.text)
  const name = source.context ?? file['current-context'] ?? ''
  if (name === '') throw wrong(`it has no current-context: name one of ${listed(file.contexts)}`)
  const context = pick(file.contexts, name, 'context', contextSchema)
  const cluster = pick(file.clusters, context.cluster, 'cluster', clusterSchema)
  const user = context.user === undefined ? null : pick(file.users ?? [], context.user, 'user', userSchema)
  const ca = material(source, cluster['certificate-authority-data'], cluster['certificate-authority'])
  return {
    server: serverOf(cluster),
    ca,
    serverName: cluster['tls-server-name'] ?? null,
    namespace: context.namespace ?? null,
    identity: user === null ? { kind: 'none' } : identityOf(source, user, cluster, ca),
  }
}

function readShape(content: string): z.infer<typeof fileSchema> {
  let document: unknown
  try {
    document = parse(content)
  } catch (cause) {
    throw problem('invalid', 'The kubeconfig is not YAML.', {}, { cause })
  }
  const parsed = fileSchema.safeParse(document)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw wrong(`${issue?.path.join('.') || 'its root'} is not as it must be (${issue?.message ?? 'unknown'})`)
}

function serverOf(cluster: Cluster): string {
  const url = URL.canParse(cluster.server) ? new URL(cluster.server) : null
  if (url === null || url.protocol !== 'https:') throw wrong(`its server ${cluster.server} is not an https address`)
  if (cluster['insecure-skip-tls-verify'] === true) {
    throw wrong(
      'it skips the check of the certificate (insecure-skip-tls-verify): give certificate-authority-data instead',
    )
  }
  if (cluster['proxy-url'] !== undefined) throw wrong('it asks for a proxy (proxy-url), which is not supported')
  return cluster.server.replace(/\/+$/, '')
}

function identityOf(source: KubeconfigSource, user: User, cluster: Cluster, ca: string | null): ClusterIdentity {
  if (user.username !== undefined) throw wrong('it signs in by password, which API servers no longer take: use a token')
  if (user['auth-provider'] !== undefined) {
    throw wrong('it uses an auth-provider, which clients no longer run: use the exec plugin of your provider')
  }
  const cert = material(source, user['client-certificate-data'], user['client-certificate'])
  const key = material(source, user['client-key-data'], user['client-key'])
  if (cert !== null && key !== null) return { kind: 'certificate', cert, key }
  if (cert !== null || key !== null) throw wrong('of client-certificate and client-key it has only one')
  // As in client-go, a file goes before the token that stands beside it.
  if (user.tokenFile !== undefined) return { kind: 'token-file', path: path.resolve(source.folder, user.tokenFile) }
  if (user.token !== undefined) return { kind: 'token', token: user.token }
  return user.exec === undefined ? { kind: 'none' } : { kind: 'exec', plugin: pluginOf(source, user.exec, cluster, ca) }
}

function pluginOf(
  source: KubeconfigSource,
  exec: z.infer<typeof execSchema>,
  cluster: Cluster,
  ca: string | null,
): ExecPlugin {
  const authority = ca === null ? {} : { 'certificate-authority-data': Buffer.from(ca, 'utf8').toString('base64') }
  return {
    apiVersion: exec.apiVersion,
    // A bare name is looked up on the path; what has a slash is meant from the file.
    command: exec.command.includes('/') ? path.resolve(source.folder, exec.command) : exec.command,
    args: exec.args ?? [],
    env: Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value])),
    cluster: exec.provideClusterInfo === true ? { server: serverOf(cluster), ...authority } : null,
  }
}

function material(source: KubeconfigSource, data: string | undefined, file: string | undefined): string | null {
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8')
  return file === undefined ? null : source.readFile(path.resolve(source.folder, file))
}

function pick<T extends z.ZodType>(
  entries: readonly Record<string, unknown>[],
  name: string,
  key: string,
  schema: T,
): z.infer<T> {
  const found = entries.find((entry) => entry['name'] === name)
  if (found) return schema.parse(found[key])
  throw wrong(`it has no ${key} ${name}: there is ${listed(entries)}`)
}

function listed(entries: readonly Record<string, unknown>[]): string {
  const names = entries.map((entry) => JSON.stringify(entry['name']))
  return names.length === 0 ? 'none' : names.slice(0, 20).join(', ')
}

function wrong(what: string): Error {
  return problem('invalid', `The kubeconfig cannot be used: ${what}.`)
}
