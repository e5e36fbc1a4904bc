import Link from 'next/link'
import { countUnread } from '#lib/notifications/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { Icon } from '../../_ui/icon.tsx'
import { paths } from '../../paths.ts'
import s from './inbox.module.css'

/** The way to the inbox from every page, with how many have not been read. */
export async function Bell({ ctx }: { ctx: Ctx }) {
  const unread = await unreadOf(ctx)
  if (unread === undefined) return null
  const words = unread === 0 ? 'Inbox, nothing unread' : `Inbox, ${unread >= 100 ? '100 or more' : unread} unread`
  return (
    <Link href={paths.inbox()} prefetch={false} className={s.bell} aria-label={words} title={words}>
      <Icon name="bell" />
      {unread > 0 && (
        <span className={s.count} aria-hidden="true">
          {unread >= 100 ? '99+' : unread}
        </span>
      )}
    </Link>
  )
}

async function unreadOf(ctx: Ctx): Promise<number | undefined> {
  try {
    return await countUnread(ctx)
  } catch (error) {
    if (isProblem(error, 'forbidden')) return undefined
    throw error
  }
}
