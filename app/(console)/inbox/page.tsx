import type { Metadata } from 'next'
import Link from 'next/link'
import { kindWords, type NotificationView } from '#lib/notifications/model.ts'
import { pathOf } from '#lib/notifications/path-of.ts'
import { countUnread, listInbox } from '#lib/notifications/reads.ts'
import { pageRead } from '../../_server/page-read.ts'
import { cursorOf, oneOf, pagerLinks, readQuery, type SearchParams } from '../../_server/query.ts'
import { requireCtx } from '../../_server/session.ts'
import { ButtonLink } from '../../_ui/button-link.tsx'
import { PageHead } from '../../_ui/page-head.tsx'
import { Panel, Toolbar } from '../../_ui/panel.tsx'
import { EmptyState } from '../../_ui/states/empty-state.tsx'
import { NoPermission } from '../../_ui/states/no-permission.tsx'
import { FilterTabs } from '../../_ui/table/filter-tabs.tsx'
import { Pager } from '../../_ui/table/pager.tsx'
import { Ago } from '../../_ui/time.tsx'
import { paths, withQuery } from '../../paths.ts'
import { markAllAction, markOneAction } from './actions.ts'
import { MarkForm } from './mark-form.tsx'
import s from './inbox.module.css'

export const metadata: Metadata = { title: 'Inbox' }

const views = ['unread', 'all'] as const
const labels = { unread: 'Unread', all: 'All' } as const

export default async function InboxPage({ searchParams }: { searchParams: SearchParams }) {
  const ctx = await requireCtx()
  const query = await readQuery(searchParams)
  const view = oneOf(query['view'], views, 'unread')
  const cursor = cursorOf(query['cursor'])
  const read = await pageRead(Promise.all([listInbox(ctx, { cursor, unread: view === 'unread' }), countUnread(ctx)]))
  if (read.refusal) return <NoPermission {...read.refusal} />
  const [{ items, nextCursor }, unread] = read.value
  const keep = view === 'unread' ? {} : { view }
  const [newest] = items
  return (
    <>
      <PageHead
        title="Inbox"
        because="What waits for your decision, and what became of what you asked for."
        actions={
          <>
            {unread > 0 && newest && cursor === undefined && (
              <MarkForm action={markAllAction} fields={{ upTo: newest.id }} label="Mark all as read" />
            )}
            <ButtonLink href={paths.notificationSettings()}>Notification settings</ButtonLink>
          </>
        }
      />
      <Toolbar>
        <FilterTabs
          label="Inbox"
          tabs={views.map((id) => ({
            id,
            label: id === 'unread' && unread > 0 ? `${labels[id]} (${unread >= 100 ? '99+' : unread})` : labels[id],
            href: withQuery(paths.inbox(), { view: id === 'unread' ? '' : id }),
            current: id === view,
          }))}
        />
      </Toolbar>
      <Panel label="Notifications, newest first" live>
        {items.length === 0 ? (
          <EmptyState icon="bell" title={view === 'unread' ? 'Nothing unread' : 'Nothing yet'}>
            You are told here when a request waits for your decision, when one of yours is decided, revoked or about to
            end{', '}and, as an admin, when break-glass is used.
          </EmptyState>
        ) : (
          <ul className={s.list}>
            {items.map((item) => (
              <Item key={item.id} item={item} nowMs={ctx.clock.now().getTime()} />
            ))}
          </ul>
        )}
      </Panel>
      <Pager
        {...pagerLinks(paths.inbox(), keep, { cursor, trail: query['trail'], nextCursor })}
        shown={`${items.length} notifications`}
      />
    </>
  )
}

function Item({ item, nowMs }: { item: NotificationView; nowMs: number }) {
  const isRead = item.readAt !== null
  return (
    <li data-unread={isRead ? undefined : ''}>
      <div className={s.item}>
        <p className={s.title}>
          {!isRead && <span className="sr">Unread: </span>}
          <Link href={pathOf(item.resource)} prefetch={false}>
            {item.title}
          </Link>
        </p>
        <p className={s.text}>{item.text}</p>
        <p className={s.facts}>
          {kindWords[item.kind].title} · <Ago atMs={item.at.getTime()} nowMs={nowMs} />
        </p>
      </div>
      <MarkForm
        action={markOneAction}
        fields={{ id: item.id, read: String(!isRead) }}
        label={isRead ? 'Mark unread' : 'Mark read'}
        quiet
      />
    </li>
  )
}
