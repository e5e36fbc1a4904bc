import Link from 'next/link'
import type { ReactNode } from 'react'
import type { ApprovalView } from '#lib/approvals/model.ts'
import type { ServingView, VersionView } from '#lib/models/model.ts'
import { paths } from '../../../paths.ts'
import { Hash } from '../../../_ui/hash.tsx'
import { formatDelta, formatNumber } from '../../../_ui/format.ts'
import { Status } from '../../../_ui/status.tsx'
import { DataTable, type Column } from '../../../_ui/table/data-table.tsx'
import { Ago } from '../../../_ui/time.tsx'
import { approvalWords } from '../../approvals/words.ts'
import { compareMetrics, decimalsFor } from '../metrics.ts'
import s from '../models.module.css'

export type VersionTableProps = {
  versions: readonly VersionView[]
  model: { id: string; serving: readonly ServingView[]; aliases: readonly { alias: string; versionId: string }[] }
  approvals: readonly ApprovalView[]
  nowMs: number
  empty: ReactNode
}

const metricsShownMax = 2
/** A phone has room for one. */
const onPhone = (index: number) => index === 0

/** Versions by digest, with where each serves, its approvals, and its metrics beside those of the serving one. */
export function VersionTable(props: VersionTableProps) {
  return (
    <DataTable
      caption={'Versions, newest first'}
      columns={columnsOf(props)}
      rows={props.versions}
      rowKey={(v) => v.id}
      empty={props.empty}
    />
  )
}

function columnsOf({ versions, model, approvals, nowMs }: VersionTableProps): Column<VersionView>[] {
  const serving = versions.find((v) => model.serving.some((each) => each.versionId === v.id))
  const names = [...new Set(versions.flatMap((v) => Object.keys(v.evaluation.metrics)))]
    .sort()
    .slice(0, metricsShownMax)
  return [
    {
      id: 'version',
      label: 'Version',
      rowHeader: true,
      widthPercent: 10,
      cell: (v) => (
        <Link href={paths.modelVersion(model.id, v.id)} prefetch={false}>
          {v.version}
        </Link>
      ),
    },
    { id: 'digest', label: 'Digest', widthPercent: 20, wideOnly: true, cell: (v) => <Hash digest={v.digest} /> },
    {
      id: 'state',
      label: 'State',
      widthPercent: 24,
      cell: (v) => <VersionState version={v} model={model} approvals={approvals} />,
    },
    ...names.map<Column<VersionView>>((name, index) => ({
      id: name,
      widthPercent: 16,
      wideOnly: !onPhone(index),
      label: <code>{name}</code>,
      numeric: true,
      cell: (v) => <Metric name={name} version={v} serving={serving} />,
    })),
    {
      id: 'created',
      label: 'Registered',
      numeric: true,
      wideOnly: true,
      cell: (v) => <Ago atMs={v.createdAt.getTime()} nowMs={nowMs} />,
    },
  ]
}

type StateProps = { version: VersionView } & Pick<VersionTableProps, 'model' | 'approvals'>

/** Where it serves, else how its newest request stands. */
function VersionState({ version, model, approvals }: StateProps) {
  const where = model.serving.filter((each) => each.versionId === version.id)
  const newest = approvals.find((a) => a.subject.version.id === version.id)
  const aliases = model.aliases.filter((each) => each.versionId === version.id)
  return (
    <span className={s.state}>
      {where.length > 0 ? (
        <Status of="serving">{where.map((each) => each.environment).join(', ')}</Status>
      ) : (
        newest && (
          <Link href={paths.approval(newest.id)} prefetch={false}>
            <Status of={approvalWords[newest.state].of}>{approvalWords[newest.state].words}</Status>
          </Link>
        )
      )}
      {where.length === 0 && !newest && <Status of="draft">Not asked for</Status>}
      {aliases.map(({ alias }) => (
        <span key={alias} className={s.tag}>
          @{alias}
        </span>
      ))}
    </span>
  )
}

type MetricProps = { name: string; version: VersionView; serving: VersionView | undefined }

function Metric({ name, version, serving }: MetricProps) {
  const other = serving && serving.id !== version.id ? serving.evaluation.metrics : null
  const line = compareMetrics(version.evaluation.metrics, other).find((each) => each.name === name)
  if (!line || line.value === null) return 'unknown'
  const decimals = decimalsFor(line.value, line.serving)
  return (
    <>
      {formatNumber(line.value, '', decimals)}
      {line.delta !== null && (
        <span className={s.quiet} title={`against ${serving?.version ?? ''}, which serves`}>
          {' '}
          ({formatDelta(line.delta, '', decimals)})
        </span>
      )}
    </>
  )
}
