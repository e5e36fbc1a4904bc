import { z } from 'zod'
import { parsePublishTargets, type PublishTarget } from './publish-targets.ts'

const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback)
const flag = z
  .enum(['0', '1', 'true', 'false'])
  .transform((v) => v === '1' || v === 'true')
  .optional()
const url = (protocols: string[]) =>
  z.string().refine((v) => URL.canParse(v) && protocols.includes(new URL(v).protocol), {
    error: `must be a URL with one of the schemes ${protocols.join(' ')}`,
  })

/**
 * Days for which what an audit entry says is kept at least, whatever is configured: six months (Regulation (EU) 2024/1689, art.
 * 19(1) and 26(6)) are never more than 184 days.
 */
export const auditRetentionDaysMin = 184

const publishTargets = z.string().transform((list, context) => {
  try {
    return parsePublishTargets(list)
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) })
    return z.NEVER
  }
})

/** Every environment variable that Quarterdeck reads. Nothing else in the code reads the environment. */
const variables = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: port(3000),
  INGEST_PORT: port(4318),
  METRICS_PORT: port(0),
  AGENT_GATEWAY_PORT: port(8080),
  AGENT_ADMIN_PORT: port(8081),
  QUARTERDECK_DATA: z.string().min(1).optional(),
  QUARTERDECK_ORIGIN: url(['http:', 'https:']).optional(),
  QUARTERDECK_SECRET: z.string().min(32, { error: 'must have at least 32 characters' }).optional(),
  QUARTERDECK_SIGNING_KEYS: z.string().min(1).optional(),
  QUARTERDECK_PERSONAS: flag,
  QUARTERDECK_NOTIFY_ALLOW: z
    .string()
    .max(2_000)
    .transform((text) =>
      text
        .split(',')
        .map((each) => each.trim())
        .filter((each) => each !== ''),
    )
    .optional(),
  QUARTERDECK_ISSUERS: z.string().min(1).optional(),
  QUARTERDECK_LOG_ORIGIN: z
    .string()
    .regex(/^[^\s+]+$/, { error: 'must have no spaces and no plus sign' })
    .default('quarterdeck.local/log'),
  QUARTERDECK_AUDIT_PUBLISH: publishTargets.optional(),
  QUARTERDECK_AUDIT_PUBLISH_SECONDS: z.coerce.number().int().min(5).max(86_400).default(60),
  QUARTERDECK_AUDIT_S3_ACCESS_KEY_ID: z.string().min(1).optional(),
  QUARTERDECK_AUDIT_S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  QUARTERDECK_AUDIT_RETENTION_DAYS: z
    .string()
    .regex(/^\d{1,6}$/, { error: 'must be a whole number of days' })
    .transform(Number)
    .refine((days) => days >= auditRetentionDaysMin, {
      error: `must be ${auditRetentionDaysMin} or more: six months are the law's floor, and no setting lowers it`,
    })
    .optional(),
  QUARTERDECK_SLICE_DAYS: z.coerce.number().int().min(2).max(3_650).default(8),
  QUARTERDECK_FACT_DAYS: z.coerce
    .number()
    .int()
    .min(auditRetentionDaysMin, {
      error: `must be ${auditRetentionDaysMin} or more: decisions of that time must be replayable from what was observed`,
    })
    .max(36_500)
    .default(400),
  // Not every PostgreSQL URL is one to WHATWG: a socket's has no host (libpq, "Connection URIs").
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\/\S+$/, { error: 'must be a postgres:// URL' })
    .optional(),
  DATABASE_POOL_MAX: z.coerce.number().int().min(2).max(100).default(10),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  OTEL_EXPORTER_OTLP_ENDPOINT: url(['http:', 'https:']).optional(),
})

export type Config = {
  host: string
  port: number
  ingestPort: number
  metricsPort: number
  agentGatewayPort: number
  agentAdminPort: number
  dataFolder: string | undefined
  /** The origin under which browsers reach the console; Host and Origin headers are checked against it. */
  origin: string
  secret: string | undefined
  /** The folder of the PKCS#8 keys that sign attestations; undefined: `signing-keys` in the data folder. */
  signingKeysFolder: string | undefined
  /** True when the local personas may sign in: loopback only, and with DATABASE_URL only when asked for. */
  personas: boolean
  /** The file of identity providers; undefined for policies/access/issuers.yaml, where that exists. */
  issuersFile: string | undefined
  /** What the file of issuers may name: every variable whose name begins with QUARTERDECK_OIDC_SECRET_. */
  oidcSecrets: Readonly<Record<string, string>>
  /** Hosts or addresses that webhooks and mail may reach although they are link-local or this machine itself. */
  notifyAllow: readonly string[]
  logOrigin: string
  /** Where the audit log's head is published, how often, and the keys of buckets. */
  auditPublish: readonly PublishTarget[]
  auditPublishSeconds: number
  auditBucketKeys: { accessKeyId: string; secretAccessKey: string } | undefined
  /** Days after which what audit entries say is erased, 184 or more; undefined keeps it for ever. */
  auditRetentionDays: number | undefined
  /** Days for which requests are known by slices of ten seconds; afterwards by the hour. */
  sliceDays: number
  /** Days for which hourly facts, counts of drift and quality, and observations of rollouts are kept, 184 or more. */
  factDays: number
  databaseUrl: string | undefined
  databasePoolMax: number
  logLevel: z.infer<typeof variables>['LOG_LEVEL']
  otlpEndpoint: string | undefined
}

export class ConfigError extends Error {
  override name = 'ConfigError'
}

const oidcSecretPrefix = 'QUARTERDECK_OIDC_SECRET_'
const loopback = new Set(['127.0.0.1', '::1', 'localhost'])

/**
 * Reads the configuration once, at start. @throws ConfigError listing everything that is wrong and how to mend it.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const present = Object.fromEntries(Object.entries(env).filter(([, v]) => v !== undefined && v !== ''))
  const parsed = variables.safeParse(present)
  if (!parsed.success) {
    throw new ConfigError(listOf(parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`)))
  }
  const v = parsed.data
  const wrong: string[] = []
  const onLoopback = loopback.has(v.HOST)
  // A proxy on the same machine makes a loopback address public: the origin says so.
  const reachedLocally = onLoopback && (!v.QUARTERDECK_ORIGIN || isLoopbackUrl(v.QUARTERDECK_ORIGIN))
  if (v.QUARTERDECK_PERSONAS && !reachedLocally) {
    wrong.push(
      `QUARTERDECK_PERSONAS: personas need no password, so HOST and QUARTERDECK_ORIGIN must be loopback addresses (HOST is ${v.HOST}, QUARTERDECK_ORIGIN ${v.QUARTERDECK_ORIGIN ?? 'not set'})`,
    )
  }
  if (!onLoopback && !v.QUARTERDECK_ORIGIN) {
    wrong.push('QUARTERDECK_ORIGIN: set it to the URL under which browsers reach the console, as HOST is not loopback')
  }
  if (v.DATABASE_URL && !v.QUARTERDECK_SECRET) {
    wrong.push('QUARTERDECK_SECRET: set it (32 characters or more, the same for every role), as DATABASE_URL is set')
  }
  const hasBucketKeys = v.QUARTERDECK_AUDIT_S3_ACCESS_KEY_ID && v.QUARTERDECK_AUDIT_S3_SECRET_ACCESS_KEY
  if (v.QUARTERDECK_AUDIT_PUBLISH?.some((target) => target.kind === 'bucket') && !hasBucketKeys) {
    wrong.push(
      'QUARTERDECK_AUDIT_S3_ACCESS_KEY_ID, QUARTERDECK_AUDIT_S3_SECRET_ACCESS_KEY: set both, as QUARTERDECK_AUDIT_PUBLISH names a bucket',
    )
  }
  if (wrong.length > 0) throw new ConfigError(listOf(wrong))
  const oidcSecrets = Object.fromEntries(Object.entries(present).filter(([name]) => name.startsWith(oidcSecretPrefix)))
  return { ...toConfig(v, reachedLocally), oidcSecrets: oidcSecrets as Record<string, string> }
}

/**
 * The URL under which this machine reaches a server that is bound to `host`. One that is bound to every address
 * (0.0.0.0, ::) is reached on loopback.
 */
export function localUrl(host: string, port: number): string {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}

function isLoopbackUrl(text: string): boolean {
  return loopback.has(new URL(text).hostname.replace(/^\[|\]$/g, ''))
}

function toConfig(v: z.infer<typeof variables>, reachedLocally: boolean): Omit<Config, 'oidcSecrets'> {
  return {
    host: v.HOST,
    port: v.PORT,
    ingestPort: v.INGEST_PORT,
    metricsPort: v.METRICS_PORT,
    agentGatewayPort: v.AGENT_GATEWAY_PORT,
    agentAdminPort: v.AGENT_ADMIN_PORT,
    dataFolder: v.QUARTERDECK_DATA,
    origin: v.QUARTERDECK_ORIGIN ?? localUrl(v.HOST, v.PORT),
    secret: v.QUARTERDECK_SECRET,
    signingKeysFolder: v.QUARTERDECK_SIGNING_KEYS,
    personas: reachedLocally && (v.QUARTERDECK_PERSONAS ?? v.DATABASE_URL === undefined),
    issuersFile: v.QUARTERDECK_ISSUERS,
    notifyAllow: v.QUARTERDECK_NOTIFY_ALLOW ?? [],
    logOrigin: v.QUARTERDECK_LOG_ORIGIN,
    auditPublish: v.QUARTERDECK_AUDIT_PUBLISH ?? [],
    auditPublishSeconds: v.QUARTERDECK_AUDIT_PUBLISH_SECONDS,
    auditBucketKeys: bucketKeys(v.QUARTERDECK_AUDIT_S3_ACCESS_KEY_ID, v.QUARTERDECK_AUDIT_S3_SECRET_ACCESS_KEY),
    auditRetentionDays: v.QUARTERDECK_AUDIT_RETENTION_DAYS,
    sliceDays: v.QUARTERDECK_SLICE_DAYS,
    factDays: v.QUARTERDECK_FACT_DAYS,
    databaseUrl: v.DATABASE_URL,
    databasePoolMax: v.DATABASE_POOL_MAX,
    logLevel: v.LOG_LEVEL,
    otlpEndpoint: v.OTEL_EXPORTER_OTLP_ENDPOINT,
  }
}

function bucketKeys(accessKeyId: string | undefined, secretAccessKey: string | undefined): Config['auditBucketKeys'] {
  return accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined
}

function listOf(lines: string[]): string {
  return `The configuration is not valid:\n${lines.map((l) => `  - ${l}`).join('\n')}`
}
