import type { ApprovalDetail } from '#lib/approvals/reads.ts'
import type { VoteView } from '#lib/approvals/model.ts'
import type { Voter } from '../../../_server/voting.ts'
import { Panel } from '../../../_ui/panel.tsx'
import { Status } from '../../../_ui/status.tsx'
import { Ago } from '../../../_ui/time.tsx'
import s from './approval.module.css'

export type VotesProps = { approval: ApprovalDetail; voters: readonly Voter[]; actorId: string; nowMs: number }

/** Who has voted and whether each vote counts now, how far the quorum is, and who may still vote. */
export function Votes({ approval, voters, actorId, nowMs }: VotesProps) {
  const { votes, tally, state } = approval
  return (
    <Panel title="Votes" live>
      <ul className={s.tally}>
        {Object.entries(tally.counted).map(([role, { have, need }]) => (
          <li key={role}>
            <b>
              {have} of {need}
            </b>{' '}
            {role}
            {need === 1 ? '' : 's'}
            <meter min={0} max={need} value={Math.min(have, need)} aria-label={`${role}s: ${have} of ${need}`} />
          </li>
        ))}
      </ul>
      <ol className={s.votes}>
        {votes.map((vote) => (
          <Vote key={vote.id} vote={vote} mine={vote.voter.id === actorId} nowMs={nowMs} />
        ))}
        {votes.length === 0 && <li className={s.quiet}>Nobody has voted on this revision yet.</li>}
      </ol>
      {state === 'open' && <MayVote voters={voters} actorId={actorId} />}
    </Panel>
  )
}

function Vote({ vote, mine, nowMs }: { vote: VoteView; mine: boolean; nowMs: number }) {
  return (
    <li>
      <p className={s.who}>
        <Status of={vote.decision === 'approve' ? 'approved' : 'rejected'}>
          {vote.voter.name}
          {mine && ' (you)'}
        </Status>
        <span className={s.quiet}>
          {vote.role}, <Ago atMs={vote.at.getTime()} nowMs={nowMs} />
        </span>
      </p>
      <blockquote>{vote.reason}</blockquote>
      <p className={s.quiet}>{vote.counts.allowed ? 'Counts' : `Does not count: ${vote.counts.because}`}</p>
    </li>
  )
}

function MayVote({ voters, actorId }: Pick<VotesProps, 'voters' | 'actorId'>) {
  const open = voters.filter((voter) => voter.mayNot === null)
  return (
    <div className={s.may}>
      <h3>Who may vote</h3>
      <ul>
        {voters.map(({ member, mayNot }) => (
          <li key={`${member.identityId} ${member.role}`}>
            {member.name}
            {member.identityId === actorId && ' (you)'}{' '}
            <span className={s.quiet}>
              {member.role}
              {mayNot !== null && `, ${mayNot}`}
            </span>
          </li>
        ))}
      </ul>
      {open.length === 0 && <p>Nobody who has not voted may vote: an admin must give somebody the role.</p>}
    </div>
  )
}
