import type { ApprovalDetail } from '#lib/approvals/reads.ts'
import s from './record.module.css'

type Props = { approval: ApprovalDetail }

/** Everything that the revision binds, by its whole digest. */
export function Facts({ approval, workspace }: Props & { workspace: string }) {
  const { id, subject, revision, revisionDigest, policy, requestedBy, requestedAt, decidedAt, expiresAt } = approval
  const quorum = Object.entries(policy.quorum).filter(([, need]) => need > 0)
  const facts: [string, string][] = [
    ['Request', id],
    ['Workspace', workspace],
    ['Model and version', `${subject.model.name} ${subject.version.version} (${subject.version.id})`],
    ['Environment', `${subject.environment.name} (${subject.environment.id})`],
    ['Artefact digest', subject.version.digest],
    ['Card digest', subject.cardDigest || 'no card'],
    [`Revision ${revision}`, revisionDigest],
    ['Policy', `${policy.name}, ${policy.digest}`],
    ['Quorum', quorum.map(([role, need]) => `${need} ${role}${need === 1 ? '' : 's'}`).join(' and ')],
    ['May not decide', policy.separation.join(', ') || 'nobody is kept out'],
    ['Asked', `${requestedAt.toISOString()} by ${requestedBy.name} (${requestedBy.id})`],
    ['Ended', decidedAt ? decidedAt.toISOString() : 'not yet'],
    [
      'Holds until',
      approval.state === 'approved' || approval.state === 'open' ? expiresAt.toISOString() : 'it holds no more',
    ],
  ]
  return (
    <section>
      <h2>Request</h2>
      <dl className={s.facts}>
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

/** What the policy asked of the evidence, with the values as decided, and the evidence by digest. */
export function Checks({ approval: { evidence, subject, state } }: Props) {
  return (
    <section>
      <h2>Evidence{state === 'open' ? ' as of now' : ' as decided'}</h2>
      {evidence.length === 0 && <p>The policy asks for no evidence.</p>}
      {evidence.length > 0 && (
        <table className={s.table}>
          <caption className="sr">Checks of the policy</caption>
          <thead>
            <tr>
              <th scope="col">Kind</th>
              <th scope="col">Verdict</th>
              <th scope="col">Rule and values</th>
            </tr>
          </thead>
          <tbody>
            {evidence.map((check) => (
              <tr key={`${check.kind} ${check.expression}`}>
                <th scope="row">{check.kind}</th>
                <td>{check.ok ? 'pass' : 'fail'}</td>
                <td>
                  {check.expression !== null && <code>{check.expression}</code>} {check.because}
                  {Object.entries(check.values).map(([name, value]) => (
                    <div key={name}>
                      {name} = {value === null ? 'missing' : String(value)}
                    </div>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <ul className={s.list}>
        {subject.evidence.map((piece) => (
          <li key={`${piece.kind} ${piece.digest}`}>
            {piece.kind}
            {piece.producer !== '' && ` by ${piece.producer}`}, {piece.at}: <code>{piece.digest}</code>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** Each vote with its reason and whether it counts. */
export function VotesCast({ approval: { votes } }: Props) {
  return (
    <section>
      <h2>Votes</h2>
      {votes.length === 0 ? (
        <p>Nobody voted on this revision.</p>
      ) : (
        <table className={s.table}>
          <caption className="sr">Votes</caption>
          <thead>
            <tr>
              <th scope="col">Who</th>
              <th scope="col">Decision</th>
              <th scope="col">When (UTC)</th>
              <th scope="col">Reason</th>
            </tr>
          </thead>
          <tbody>
            {votes.map((vote) => (
              <tr key={vote.id}>
                <th scope="row">
                  {vote.voter.name} <small>{vote.role}</small>
                  {vote.onBehalfOf !== null && <small> on behalf of {vote.onBehalfOf}</small>}
                </th>
                <td>
                  {vote.decision}{' '}
                  <small>{vote.counts.allowed ? 'counts' : `does not count: ${vote.counts.because}`}</small>
                </td>
                <td>{vote.at.toISOString()}</td>
                <td>{vote.reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
