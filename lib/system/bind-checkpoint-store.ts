import { createHash } from 'node:crypto'
import { join, resolve } from 'node:path'
import { bucketStore } from '#lib/platform/adapters/checkpoints/bucket.ts'
import { folderStore } from '#lib/platform/adapters/checkpoints/folder.ts'
import { gitStore } from '#lib/platform/adapters/checkpoints/git.ts'
import type { Clock } from '#lib/platform/clock.ts'
import type { Config } from '#lib/platform/config.ts'
import type { CheckpointStore } from '#lib/platform/ports/checkpoint-store.ts'
import { defaultDataFolder } from '#lib/platform/db/postgres-folders.ts'
import type { PublishTarget } from '#lib/platform/publish-targets.ts'

const identity = { name: 'Quarterdeck audit log', email: 'audit-log@quarterdeck.invalid' }

/** The adapter behind a place that configuration names. */
export function bindCheckpointStore(target: PublishTarget, config: Config, clock: () => Clock): CheckpointStore {
  const { keepsTiles } = target
  if (target.kind === 'folder') return folderStore(target.folder, { keepsTiles })
  if (target.kind === 'git') {
    const { url, branch } = target
    const name = createHash('sha256').update(`${url}#${branch}`).digest('hex').slice(0, 16)
    const workFolder = resolve(join(config.dataFolder ?? defaultDataFolder(), 'audit-git', name))
    return gitStore({ url, branch, workFolder, identity, keepsTiles })
  }
  if (!config.auditBucketKeys) throw new Error('configuration lets no bucket through without its keys')
  const { url, region, lock } = target
  const options = { url, region, keepsTiles, ...config.auditBucketKeys, ...(lock ? { lock } : {}) }
  return bucketStore(options, { ...clock(), now: () => clock().now() })
}
