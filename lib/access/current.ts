import type { Reader } from '#lib/platform/db/schema.ts'
import type { System } from '#lib/platform/context.ts'
import { processSingleton } from '#lib/platform/globals.ts'
import { policyFolder, readPolicyFile } from '#lib/platform/policy-files.ts'
import { selectPublishedRules } from './queries.ts'
import { buildAccessRules, type AccessRules } from './rules.ts'

export type RulesText = { model: string; policy: string }
type Published = {
  rules: AccessRules
  version: bigint
  /** A version that could not be read, and when that was tried: not at every decision again. */
  failed?: { version: bigint; atMs: number }
  reading?: Promise<void>
}
type Watched = Pick<System, 'db' | 'log' | 'metrics' | 'clock'>

const retryMs = 15_000
const holder = () => processSingleton<{ rules: AccessRules | undefined }>('access', () => ({ rules: undefined }))
// By the system's read handle: a process has one, tests have several.
const published = () => processSingleton('access-published', () => new WeakMap<object, Published>())

/** The rules that this process read at its start. @throws when none were loaded: nothing is allowed before a policy is read. */
export function currentRules(): AccessRules {
  const { rules } = holder()
  if (!rules) throw new Error('access rules are not loaded: call loadAccessRules at start')
  return rules
}

/** Reads `model.conf` and `roles.csv` of the folder, tests them and swaps them in. On an error the old rules stay. */
export async function loadAccessRules(folder = policyFolder('access')): Promise<AccessRules> {
  const { model, policy } = await readRulesText(folder)
  const rules = await buildAccessRules(model, policy)
  holder().rules = rules
  return rules
}

/** The two files of the folder, unread. @throws when one is missing or has more than 256 KiB */
export async function readRulesText(folder = policyFolder('access')): Promise<RulesText> {
  const [model, policy] = await Promise.all(
    ['model.conf', 'roles.csv'].map(async (file) => (await readPolicyFile(folder, file)).text),
  )
  return { model: model ?? '', policy: policy ?? '' }
}

/**
 * The rules of that published version, which a decision's roles were read with: those that this process has, or else the
 * newest ones, built beside the old ones, tested and only then put in their place, so that no decision ever meets an empty
 * or half-read policy. When they cannot be built the old ones stay, `outdated` says so, and an alarm is raised.
 * `undefined` is of an installation in which none were published: the files that this process read at its start hold.
 */
export async function rulesAt(
  system: Watched,
  version: bigint | undefined,
): Promise<{ rules: AccessRules; version: bigint; outdated: boolean }> {
  const known = published()
  const present = known.get(system.db) ?? { rules: currentRules(), version: 0n }
  known.set(system.db, present)
  if (version !== undefined && version !== present.version && mayRetry(system, present, version)) {
    // One building at a time, whoever waits for it; what was read before this question may be older than it.
    await present.reading
    present.reading ??= readPublished(system, present, system.db).finally(() => delete present.reading)
    await present.reading
  }
  const { rules, version: have } = present
  return { rules, version: have, outdated: version !== undefined && have < version }
}

function mayRetry(system: Watched, { failed }: Published, version: bigint): boolean {
  return failed?.version !== version || system.clock.monotonicMs() - failed.atMs >= retryMs
}

async function readPublished(system: Watched, present: Published, db: Reader): Promise<void> {
  const row = await selectPublishedRules(db)
  if (!row || row.version === present.version) return
  try {
    const rules = await buildAccessRules(row.model, row.policy)
    if (rules.digest !== row.digest) throw new Error('the published access rules are not those of their digest')
    Object.assign(present, { rules, version: row.version, failed: undefined })
    system.metrics.accessRulesVersion.set(Number(row.version))
    system.log.info({ version: row.version.toString(), digest: rules.digest }, 'access rules were replaced')
  } catch (error) {
    present.failed = { version: row.version, atMs: system.clock.monotonicMs() }
    alarmOfRules(system, error, row.version)
  }
}

/** Says in log and metrics that rules could not be loaded and the old ones stay. */
export function alarmOfRules(system: Pick<System, 'log' | 'metrics'>, error: unknown, version?: bigint): void {
  system.metrics.accessRulesFailures.inc()
  system.log.error(
    { err: error, ...(version === undefined ? {} : { version: version.toString() }) },
    'access rules could not be loaded: those in force stay',
  )
}
