import type { ApprovalDetail } from '#lib/approvals/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { refusalOf } from '../../../_server/may.ts'
import { scopeOf, voteRefusal } from '../../../_server/voting.ts'
import { curlOf } from '../../../_ui/curl.ts'
import type { Action } from '../../../_ui/dialog/action-state.ts'
import type { PlanLine } from '../../../_ui/dialog/confirm-dialog.tsx'
import { GovernedAction } from '../../../_ui/dialog/governed-action.tsx'
import { shortDigest } from '../../../_ui/format.ts'
import type { Refusal } from '../../../_ui/permission-button.tsx'
import { revokeAction, voteAction, withdrawAction } from '../actions.ts'
import { UseGlass } from './use-glass.tsx'

export type ApprovalActionsProps = { ctx: Ctx; workspace: string; approval: ApprovalDetail }

/** What can be done with a request in its state; what this person may not do says why. */
export async function ApprovalActions({ ctx, workspace, approval }: ApprovalActionsProps) {
  const scope = scopeOf(approval)
  const [vote, withdraw, revoke] = await Promise.all([
    voteRefusal(ctx, approval),
    refusalOf(ctx, 'approval:withdraw', scope, approval.mine.withdraw),
    refusalOf(ctx, 'approval:revoke', scope, approval.mine.revoke),
  ])
  const command = (path: string, body: unknown) => ({
    curl: curlOf({
      origin: ctx.config.origin,
      workspace,
      method: 'POST',
      path: `/approvals/${approval.id}${path}`,
      body,
    }),
  })
  const { model, version, environment } = approval.subject
  const name = `${model.name} ${version.version}`
  // The place stays while the request is open or decided: a dialog in it shows what came of it.
  return (
    <>
      {approval.state !== 'approved' && <UseGlass ctx={ctx} workspace={workspace} approval={approval} />}
      {(approval.state === 'open' || approval.state === 'withdrawn') && (
        <End
          approval={approval}
          opener="Withdraw…"
          title={`Withdraw the request for ${name} in ${environment.name}?`}
          plan={[{ what: 'Request', from: 'open', to: 'withdrawn' }]}
          verb="Withdraw the request"
          action={withdrawAction}
          refusal={withdraw}
          commands={command('/withdraw', { reason: 'why' })}
        />
      )}
      {(approval.state === 'approved' || approval.state === 'revoked') && (
        <End
          approval={approval}
          opener="Revoke…"
          title={`Revoke the approval of ${name} for ${environment.name}?`}
          plan={[
            { what: 'Approval', from: 'approved', to: 'revoked' },
            { what: 'What serves already', to: 'goes on serving' },
          ]}
          verb="Revoke the approval"
          action={revokeAction}
          refusal={revoke}
          commands={command('/revoke', { reason: 'why' })}
        />
      )}
      {(['reject', 'approve'] as const).map((decision) => (
        <Vote
          key={decision}
          decision={decision}
          approval={approval}
          refusal={vote}
          commands={command('/votes', { decision, reason: 'why', revisionDigest: approval.revisionDigest })}
        />
      ))}
    </>
  )
}

type VoteProps = {
  decision: 'approve' | 'reject'
  approval: ApprovalDetail
  refusal: Refusal | null
  commands: { curl: string }
}

/** One of the two votes, on the very revision that the page shows. */
function Vote({ decision, approval, refusal, commands }: VoteProps) {
  const { state, subject, revision, revisionDigest } = approval
  if (state !== 'open' && state !== (decision === 'approve' ? 'approved' : 'rejected')) return null
  const approving = decision === 'approve'
  const name = `${subject.model.name} ${subject.version.version}`
  return (
    <GovernedAction
      refusal={refusal}
      opener={approving ? 'Approve…' : 'Reject…'}
      kind={approving ? 'primary' : 'danger'}
      icon={approving ? 'check' : 'x'}
      title={`${approving ? 'Approve' : 'Reject'} ${name} for ${subject.environment.name}?`}
      plan={[
        { what: `Your vote on revision ${revision}`, to: decision },
        { what: 'Artefact', to: shortDigest(subject.version.digest, 16) },
        { what: 'Revision digest', to: shortDigest(revisionDigest, 16) },
        { what: 'Policy', to: `${approval.policy.name}, ${shortDigest(approval.policy.digest)}` },
      ]}
      note={
        approving
          ? `${approval.tally.because} If the request has changed since this page was fetched, the vote is refused: read it again then.`
          : 'One rejection ends the request: a veto. The version can be changed and asked for again.'
      }
      verb={approving ? `Approve ${subject.version.version}` : `Reject ${subject.version.version}`}
      action={voteAction}
      fields={{ approvalId: approval.id, decision, revisionDigest }}
      reasonLengthMin={3}
      commands={commands}
    />
  )
}

type EndProps = {
  approval: ApprovalDetail
  opener: string
  title: string
  plan: readonly PlanLine[]
  verb: string
  action: Action
  refusal: Refusal | null
  commands: { curl: string }
}

function End({ approval, ...dialog }: EndProps) {
  return <GovernedAction {...dialog} kind="default" fields={{ approvalId: approval.id }} reasonLengthMin={3} />
}
