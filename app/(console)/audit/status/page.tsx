import type { Metadata } from 'next'
import { readLogStatus, type LogStatus } from '#lib/audit/reads.ts'
import { refusalOf } from '../../../_server/may.ts'
import { requireCtx } from '../../../_server/session.ts'
import { paths } from '../../../paths.ts'
import { CopyButton } from '../../../_ui/copy-button.tsx'
import { formatDuration } from '../../../_ui/format.ts'
import { KeyValue, Unknown } from '../../../_ui/key-value.tsx'
import { PageHead } from '../../../_ui/page-head.tsx'
import { Columns, Panel } from '../../../_ui/panel.tsx'
import { NoPermission } from '../../../_ui/states/no-permission.tsx'
import { Status } from '../../../_ui/status.tsx'
import { Ago } from '../../../_ui/time.tsx'
import s from '../audit.module.css'

export const metadata: Metadata = { title: 'Log status' }

/** An entry is in the log within seconds; a minute says that the sequencer does not come on. */
const lagSecondsMax = 60

export default async function LogStatusPage() {
  const ctx = await requireCtx()
  const denied = await refusalOf(ctx, 'audit:read')
  if (denied) return <NoPermission {...denied} />
  const status = await readLogStatus(ctx)
  const standing = standingOf(status)
  return (
    <>
      <PageHead
        crumbs={[{ href: paths.audit(), label: 'Audit' }]}
        title="Log status"
        status={
          <Status of={standing.of} chip>
            {standing.word}
          </Status>
        }
        because={
          standing.because ??
          (status.head
            ? `${status.head.size.toLocaleString('en-US')} entries under one signed root; ${status.backlog} wait for their place.`
            : 'Nothing was signed yet: the first entry makes the first checkpoint.')
        }
      />
      <Columns>
        <div>
          <Head status={status} nowMs={ctx.clock.now().getTime()} />
          <Watched status={status} nowMs={ctx.clock.now().getTime()} />
        </div>
        <div>
          <Published status={status} nowMs={ctx.clock.now().getTime()} />
          <Verify status={status} origin={ctx.config.origin} />
        </div>
      </Columns>
    </>
  )
}

function standingOf(status: LogStatus): { of: 'failed' | 'degraded' | 'healthy'; word: string; because?: string } {
  const [mismatch] = status.monitor.mismatches
  if (mismatch !== undefined) return { of: 'failed', word: 'Mismatch', because: mismatch }
  if (status.originProblem !== null) return { of: 'failed', word: 'Origin changed', because: status.originProblem }
  if (status.lagSeconds > lagSecondsMax) return { of: 'degraded', word: 'Behind' }
  return { of: 'healthy', word: 'Up to date' }
}

function Watched({ status: { monitor, missing }, nowMs }: { status: LogStatus; nowMs: number }) {
  const never = <Unknown because="a worker looks every minute" />
  return (
    <Panel title="Monitor" padded live>
      <KeyValue
        items={[
          {
            label: 'Found',
            value:
              monitor.mismatches.length === 0 ? (
                <Status of="verified">Nothing wrong</Status>
              ) : (
                <ul className={s.mismatches}>
                  {monitor.mismatches.map((text) => (
                    <li key={text}>{text}</li>
                  ))}
                </ul>
              ),
          },
          {
            label: 'Head checked',
            value: monitor.checkedAt ? <Ago atMs={monitor.checkedAt.getTime()} nowMs={nowMs} /> : never,
          },
          {
            label: 'Whole log swept',
            value: monitor.sweptAt ? <Ago atMs={monitor.sweptAt.getTime()} nowMs={nowMs} /> : never,
          },
          {
            label: 'Missing entries',
            value:
              missing === 0
                ? 'none'
                : `${missing} that processes counted: taken out, or of transactions that failed at their end`,
          },
        ]}
      />
    </Panel>
  )
}

function Published({ status: { publications }, nowMs }: { status: LogStatus; nowMs: number }) {
  return (
    <Panel title="Published outside" padded live>
      {publications.length === 0 && (
        <p className={s.note}>
          Nowhere yet. Tampering is evident only against a copy that somebody else holds: set QUARTERDECK_AUDIT_PUBLISH
          to a folder, a git repository or a bucket.
        </p>
      )}
      {publications.map((place) => (
        <KeyValue
          key={place.target}
          items={[
            { label: 'Place', value: <code className={s.vkey}>{place.target}</code> },
            { label: 'Size', value: `${place.size.toLocaleString('en-US')} entries` },
            {
              label: 'Published',
              value: place.publishedAt ? (
                <Ago atMs={place.publishedAt.getTime()} nowMs={nowMs} />
              ) : (
                <Unknown because="nothing was published there yet" />
              ),
            },
            ...(place.failure === null
              ? []
              : [{ label: 'Failure', value: <Status of="failed">{place.failure}</Status> }]),
          ]}
        />
      ))}
    </Panel>
  )
}

function Head({ status: { origin, head, backlog, lagSeconds, vkey }, nowMs }: { status: LogStatus; nowMs: number }) {
  const unsigned = <Unknown because="nothing was signed yet" />
  return (
    <Panel title="Log" padded live>
      <KeyValue
        items={[
          { label: 'Origin', value: origin },
          { label: 'Size', value: head ? `${head.size.toLocaleString('en-US')} entries` : unsigned },
          { label: 'Root', value: head ? <code>{head.root}</code> : unsigned },
          { label: 'Signed', value: head ? <Ago atMs={head.at.getTime()} nowMs={nowMs} /> : unsigned },
          {
            label: 'Waiting',
            value: backlog === 0 ? 'none' : `${backlog} entries, oldest ${formatDuration(lagSeconds * 1000)}`,
          },
          {
            label: 'Verifier key',
            value:
              vkey === null ? (
                unsigned
              ) : (
                <>
                  <code className={s.vkey}>{vkey}</code>{' '}
                  <CopyButton text={vkey} label="Copy the verifier key" kind="quiet" />
                </>
              ),
          },
        ]}
      />
    </Panel>
  )
}

function Verify({ status, origin }: { status: LogStatus; origin: string }) {
  const fetchIt = `curl ${origin}/audit/log/checkpoint`
  const verifyIt = 'quarterdeck audit export --out log-copy\nquarterdeck audit verify log-copy'
  return (
    <Panel title="Verify without us" padded>
      <p className={s.note}>
        The log is published as C2SP tlog-tiles. Keep the verifier key and a checkpoint somewhere else: whoever has an
        older checkpoint can prove that nothing before it was changed or removed.
      </p>
      <code className={s.command}>{fetchIt}</code>
      <CopyButton text={fetchIt}>Copy</CopyButton>
      <p className={s.note}>An export is checked offline, with neither our database nor our network:</p>
      <code className={s.command}>{verifyIt}</code>
      <CopyButton text={verifyIt}>Copy</CopyButton>
      {status.vkey === null && <p className={s.note}>There is nothing to verify before the first checkpoint.</p>}
    </Panel>
  )
}
