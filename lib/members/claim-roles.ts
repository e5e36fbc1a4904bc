import type { GivenRole } from '#lib/access/issuer-config.ts'

/** A role that somebody holds because their issuer says so. */
export type ClaimBinding = {
  bindingId: string
  workspaceId: string
  workspace: string
  role: string
  environment: string | null
  label: string | null
  expiresAt: Date
}

export type ClaimChange = { workspaceId: string; add: GivenRole[]; keep: GivenRole[]; end: ClaimBinding[] }

/**
 * What must change so that somebody holds just the roles that their claims give, workspace by workspace. Roles of
 * workspaces that are not there are left out. A kept role is renewed once half of its time has passed.
 */
export function claimChanges(
  wanted: readonly GivenRole[],
  held: readonly ClaimBinding[],
  workspaceIds: ReadonlyMap<string, string>,
  times: { now: Date; expiresAt: Date },
): ClaimChange[] {
  const halfMs = (times.expiresAt.getTime() - times.now.getTime()) / 2
  const changes = new Map<string, ClaimChange>()
  const at = (workspaceId: string) => {
    const present = changes.get(workspaceId) ?? { workspaceId, add: [], keep: [], end: [] }
    changes.set(workspaceId, present)
    return present
  }
  const heldBy = new Map(held.map((h) => [keyOf(h), h]))
  const wantedBy = new Map(wanted.map((w) => [keyOf(w), w]))
  for (const [key, role] of wantedBy) {
    const workspaceId = workspaceIds.get(role.workspace)
    if (workspaceId === undefined) continue
    const present = heldBy.get(key)
    if (!present) at(workspaceId).add.push(role)
    else if (present.expiresAt.getTime() - times.now.getTime() < halfMs) at(workspaceId).keep.push(role)
  }
  for (const [key, binding] of heldBy) if (!wantedBy.has(key)) at(binding.workspaceId).end.push(binding)
  return [...changes.values()]
}

function keyOf(r: { workspace: string; role: string; environment: string | null; label: string | null }): string {
  return JSON.stringify([r.workspace, r.role, r.environment, r.label])
}
