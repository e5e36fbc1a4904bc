import type { ApprovalState } from '#lib/approvals/model.ts'
import type { StatusOf } from '../../_ui/status.tsx'

/** The state of a request with the shape and hue that it has everywhere. */
export const approvalWords: Record<ApprovalState, { of: StatusOf; words: string }> = {
  open: { of: 'review', words: 'In review' },
  approved: { of: 'approved', words: 'Approved' },
  rejected: { of: 'rejected', words: 'Rejected' },
  expired: { of: 'expired', words: 'Expired' },
  withdrawn: { of: 'withdrawn', words: 'Withdrawn' },
  superseded: { of: 'void', words: 'Superseded' },
  revoked: { of: 'void', words: 'Revoked' },
}

/** What a new revision differs in, e.g. "evidence and policy changed". */
export function changedWords(changed: readonly string[]): string {
  if (changed.length === 0) return 'nothing that it binds changed'
  const [last, ...before] = changed.toReversed()
  return `${before.length > 0 ? `${before.toReversed().join(', ')} and ` : ''}${last} changed`
}
