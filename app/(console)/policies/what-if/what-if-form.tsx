'use client'
import Link from 'next/link'
import { useActionState, useId, useState } from 'react'
import { Button } from '../../../_ui/button.tsx'
import { formatInstant, shortDigest } from '../../../_ui/format.ts'
import { Panel } from '../../../_ui/panel.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { DataTable, type Column } from '../../../_ui/table/data-table.tsx'
import { paths } from '../../../paths.ts'
import { answerOf, type WhatIfState, type WouldBe } from './state.ts'
import s from './what-if.module.css'

export type WhatIfFormProps = {
  /** The files in force, in their order. */
  sources: readonly { name: string; text: string }[]
  ask: (previous: WhatIfState, form: FormData) => Promise<WhatIfState>
}

const allOf = (sources: WhatIfFormProps['sources']) => sources.map(({ text }) => text.trimEnd()).join('\n---\n')

/** A policy's text to change, or another file's, and what it would have decided. */
export function WhatIfForm({ sources, ask }: WhatIfFormProps) {
  const [state, action, pending] = useActionState(ask, { status: 'idle' })
  // Held here, because React empties a form after its action, and the text is to be changed again.
  const [text, setText] = useState(() => allOf(sources))
  const [limit, setLimit] = useState('200')
  const id = useId()
  return (
    <>
      <form action={action}>
        <Panel title="Policies as they would be" padded>
          <Starts sources={sources} take={setText} />
          <label className="sr" htmlFor={id}>
            Policies (YAML), parted by lines of three dashes
          </label>
          <textarea
            id={id}
            name="policies"
            className={s.source}
            value={text}
            onChange={(event) => setText(event.target.value)}
            rows={18}
            required
            spellCheck={false}
          />
          <div className={s.row}>
            <label>
              Decide the newest{' '}
              <select name="limit" value={limit} onChange={(event) => setLimit(event.target.value)}>
                {['50', '200', '500'].map((each) => (
                  <option key={each}>{each}</option>
                ))}
              </select>{' '}
              again
            </label>
            <Button type="submit" kind="primary" aria-disabled={pending}>
              {pending ? 'Deciding again…' : 'What would they have decided?'}
            </Button>
          </div>
        </Panel>
      </form>
      <output role={state.status === 'failed' ? 'alert' : undefined} className={s.answer} data-status={state.status}>
        {answerOf(state)}
      </output>
      {state.status === 'answered' && <Answer state={state} />}
    </>
  )
}

function Starts({ sources, take }: Pick<WhatIfFormProps, 'sources'> & { take: (text: string) => void }) {
  const id = useId()
  return (
    <div className={s.row}>
      <span>Start from</span>
      <Button onClick={() => take(allOf(sources))}>All in force</Button>
      {sources.map(({ name, text }) => (
        <Button key={name} onClick={() => take(text)}>
          Only {name}
        </Button>
      ))}
      <label htmlFor={id}>or a file</label>
      <input
        id={id}
        type="file"
        accept=".yaml,.yml"
        onChange={(event) => {
          const file = event.target.files?.[0]
          if (file) void file.text().then(take)
        }}
      />
    </div>
  )
}

function Answer({ state }: { state: Extract<WhatIfState, { status: 'answered' }> }) {
  return (
    <Panel
      title="Decided otherwise"
      aside={state.policies.map(({ name, digest }) => `${name} ${shortDigest(digest)}`).join(', ')}
    >
      <DataTable
        caption="Requests that would have come out otherwise"
        columns={columns}
        rows={state.otherwise}
        rowKey={(row) => row.approvalId}
        empty={
          <EmptyState icon="check" title="No request would have come out otherwise">
            {state.replayed === 0
              ? 'Ask for approval of a version first: its request can then be decided again here.'
              : 'Change a quorum, a separation or a condition above and ask again.'}
          </EmptyState>
        }
      />
    </Panel>
  )
}

const columns: Column<WouldBe>[] = [
  {
    id: 'what',
    label: 'Request',
    rowHeader: true,
    widthPercent: 26,
    cell: (row) => (
      <>
        <Link href={paths.approval(row.approvalId)} prefetch={false}>
          {row.model} {row.version}
        </Link>
        <span className={s.quiet}>
          in {row.environment}, {formatInstant(row.requestedAtMs)}
        </span>
      </>
    ),
  },
  { id: 'was', label: 'Was', widthPercent: 13, cell: (row) => row.was },
  { id: 'would', label: 'Would be', widthPercent: 14, cell: (row) => <strong>{row.would}</strong> },
  {
    id: 'why',
    label: 'Why',
    cell: (row) => (
      <span className={s.why}>
        {row.because} <span className={s.quiet}>Policy {row.policy}</span>
      </span>
    ),
  },
]
