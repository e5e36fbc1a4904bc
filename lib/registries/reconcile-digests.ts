import { findVersion } from '#lib/models/reads.ts'
import { digestOfFiles, type ArtifactFile } from '#lib/platform/artifact-digest.ts'
import type { System } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { UpstreamError, type Upstream } from '#lib/platform/ports/upstream.ts'
import { observeVersion } from './observe-version.ts'
import type { RegistryRow } from './queries.ts'
import { selectDueDigests, updateDigest, type DueDigest } from './queries-work.ts'

const batch = 20
const turnMsMax = 60_000
/** Every byte is read again: of what an alias names often, of the rest once a day. */
const aliasedAgainMs = 600_000
const restAgainMs = 86_400_000
const pathsMax = 20

/** Reads artefacts again whose turn it is: one that is not what was registered was changed under its version. */
export async function reconcileDigests(
  system: System,
  row: RegistryRow,
  upstream: Upstream,
): Promise<{ more: boolean }> {
  const began = system.clock.monotonicMs()
  const due = await selectDueDigests(system.db, row.id, system.clock.now(), batch + 1)
  for (const [i, version] of due.slice(0, batch).entries()) {
    if (i > 0 && system.clock.monotonicMs() - began > turnMsMax) return { more: true }
    await checkOne(system, row, upstream, version)
  }
  return { more: due.length > batch }
}

async function checkOne(system: System, row: RegistryRow, upstream: Upstream, due: DueDigest): Promise<void> {
  const version = await findVersion(system.db, due.versionId)
  if (!version) return
  const files = await filesOf(upstream, due)
  const digest = files.length === 0 ? 'missing' : digestOfFiles(files)
  const isSame = digest === version.digest
  const key = { registryId: row.id, name: due.name, version: due.version }
  const dueAt = new Date(system.clock.now().getTime() + (due.aliased ? aliasedAgainMs : restAgainMs))
  const found = { digest: isSame ? null : digest, dueAt }
  if (isSame || digest === due.foundDigest) {
    await housekeep(system, 'registry-mirror', (tx) => updateDigest(tx, key, found))
    return
  }
  const paths = changedPaths(version.files, files)
  const name = `${version.modelName}@${version.version}`
  await observeVersion(
    system,
    row,
    {
      versionId: due.versionId,
      name,
      before: { digest: version.digest },
      after: { state: 'artifact-changed', digest, paths },
      because: `The artefact of ${name} at ${row.name} is not what was registered: ${paths.join(', ')}.`,
    },
    (tx) => updateDigest(tx, key, found),
  )
}

async function filesOf(upstream: Upstream, due: DueDigest): Promise<ArtifactFile[]> {
  try {
    return (await upstream.digestArtifact(due.record)).files
  } catch (error) {
    // Its files are gone: as much a change as other bytes.
    if (error instanceof UpstreamError && error.kind === 'absent') return []
    throw error
  }
}

function changedPaths(before: readonly ArtifactFile[], after: readonly ArtifactFile[]): string[] {
  const was = new Map(before.map((file) => [file.path, file.sha256]))
  const is = new Map(after.map((file) => [file.path, file.sha256]))
  const paths = [...new Set([...was.keys(), ...is.keys()])].filter((path) => was.get(path) !== is.get(path))
  return paths.sort().slice(0, pathsMax)
}
