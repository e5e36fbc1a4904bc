import type { AttestationView } from '#lib/attestations/model.ts'
import type { EntryView } from '#lib/audit/entries.ts'
import type { LogStatus } from '#lib/audit/reads.ts'
import type { Refusal } from '../../../../_ui/permission-button.tsx'
import s from './record.module.css'

export type LedgerProps = {
  /** Oldest first; null when they may not be read. */
  entries: readonly EntryView[] | null
  log: LogStatus | null
  attestations: readonly AttestationView[] | null
  noAudit: Refusal | null
  noAttestations: Refusal | null
}

/** Where else this stands: signed statements, and the audit entries with their places in the log. */
export function Ledger({ entries, log, attestations, noAudit, noAttestations }: LedgerProps) {
  return (
    <>
      <section>
        <h2>Attestations</h2>
        {attestations === null && <Withheld refusal={noAttestations} />}
        {attestations?.length === 0 && <p>None was made: nobody has voted.</p>}
        <ul className={s.list}>
          {attestations?.map((each) => (
            <li key={each.id}>
              {each.kind}
              {each.demo && ', for demonstration only'},{' '}
              {each.signedAt ? `signed ${each.signedAt.toISOString()}` : 'not signed yet'}: <code>{each.digest}</code>
              {each.keyid !== null && (
                <>
                  {' '}
                  key <code>{each.keyid}</code>
                </>
              )}
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h2>Audit entries</h2>
        {entries === null && <Withheld refusal={noAudit} />}
        {entries && <Entries entries={entries} />}
        {log && <Head log={log} />}
      </section>
    </>
  )
}

function Withheld({ refusal }: { refusal: Refusal | null }) {
  return <p>They are not in this record: {refusal?.rule ?? refusal?.because}</p>
}

function Entries({ entries }: { entries: readonly EntryView[] }) {
  return (
    <table className={s.table}>
      <caption className="sr">Audit entries</caption>
      <thead>
        <tr>
          <th scope="col">Place</th>
          <th scope="col">Entry</th>
          <th scope="col">When (UTC)</th>
          <th scope="col">What</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <tr key={entry.id}>
            <td>{entry.index ?? 'pending'}</td>
            <th scope="row">
              <code>{entry.id}</code>
            </th>
            <td>{entry.time.toISOString()}</td>
            <td>
              {entry.kind}, {entry.outcome}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Head({ log: { origin, head, vkey } }: { log: LogStatus }) {
  if (!head) return <p>The log has no checkpoint yet: no entry has a place in it.</p>
  return (
    <p>
      Log <code>{origin}</code>, {head.size} entries on {head.at.toISOString()}, root <code>{head.root}</code>
      {vkey !== null && (
        <>
          , verifier key <code>{vkey}</code>
        </>
      )}
    </p>
  )
}
