import type { ApprovalSubject } from './model.ts'

/** The version as attestations name it. */
export function statedVersion({ subject: { model, version } }: { subject: ApprovalSubject }) {
  return { model: model.name, version: version.version, digest: version.digest }
}

/** The request as attestations name it. */
export function revisionOf({ id, revision, revisionDigest }: { id: string; revision: number; revisionDigest: string }) {
  return { id, revision, revisionDigest }
}
