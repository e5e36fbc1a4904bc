import Link from 'next/link'
import type { ReactNode } from 'react'
import type { EnvironmentView } from '#lib/models/model.ts'
import type { InboxItem } from '../../_server/voting.ts'
import { paths } from '../../paths.ts'
import { Panel } from '../../_ui/panel.tsx'
import { EnvironmentMark } from '../../_ui/shell/workspace-switcher.tsx'
import { Mark, Status } from '../../_ui/status.tsx'
import { Ago } from '../../_ui/time.tsx'
import s from './inbox-list.module.css'
import { changedWords } from './words.ts'

export type InboxListProps = {
  items: readonly InboxItem[]
  environments: readonly EnvironmentView[]
  nowMs: number
  empty: ReactNode
}

/** Open requests: each with what this person may do about it, by which rule, and what is new in it. */
export function InboxList({ items, environments, nowMs, empty }: InboxListProps) {
  if (items.length === 0) return empty
  return (
    <Panel label="Open requests" live>
      <ol className={s.list}>
        {items.map((item) => (
          <Item key={item.approval.id} item={item} environments={environments} nowMs={nowMs} />
        ))}
      </ol>
    </Panel>
  )
}

type ItemProps = Pick<InboxListProps, 'environments' | 'nowMs'> & { item: InboxItem }

function Item({ item: { approval, refusal, by, since }, environments, nowMs }: ItemProps) {
  const { id, subject, requestedBy, requestedAt, expiresAt, tally, revision, freeze } = approval
  const { model, version, environment } = subject
  return (
    <li>
      <div className={s.head}>
        <Link href={paths.approval(id)} prefetch={false}>
          {model.name} {version.version}
        </Link>
        <EnvironmentMark
          label={environment.name}
          production={environments.some((e) => e.id === environment.id && e.protected)}
        />
        <span className={s.when}>
          {requestedBy.name} asked <Ago atMs={requestedAt.getTime()} nowMs={nowMs} />, it ends{' '}
          <Ago atMs={expiresAt.getTime()} nowMs={nowMs} />
        </span>
      </div>
      <dl className={s.facts}>
        <div>
          <dt>You</dt>
          <dd>
            {refusal ? (
              <>
                <Mark glyph="minus" hue="mute">
                  may not decide
                </Mark>{' '}
                {[refusal.because, refusal.rule, refusal.who].filter(Boolean).join(' ')}
              </>
            ) : (
              <>
                <Status of="pass">may decide</Status> {capital(by)}, and no separation of duties stands against it.
              </>
            )}
          </dd>
        </div>
        <div>
          <dt>Votes</dt>
          <dd>{tally.because}</dd>
        </div>
        <div>
          <dt>New</dt>
          <dd>
            {since ? (
              <>
                Revision {revision}: {changedWords(since.changed)} since{' '}
                <Link className="text-link" href={paths.approval(since.approvalId)} prefetch={false}>
                  revision {since.revision}
                </Link>
                , which was {since.state}.
              </>
            ) : (
              'The first revision: all of it.'
            )}
            {approval.changed.length > 0 &&
              ` Meanwhile ${changedWords(approval.changed)}: a new revision is on its way.`}
            {freeze !== null && ` ${capital(freeze)}.`}
          </dd>
        </div>
      </dl>
    </li>
  )
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
