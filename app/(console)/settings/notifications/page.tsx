import type { Metadata } from 'next'
import { kinds, kindWords } from '#lib/notifications/model.ts'
import { listChannels, listDeliveries, readPreference } from '#lib/notifications/reads.ts'
import { refusalOf } from '../../../_server/may.ts'
import { pageRead } from '../../../_server/page-read.ts'
import { requireCtx } from '../../../_server/session.ts'
import { formatInstant } from '../../../_ui/format.ts'
import { PageHead } from '../../../_ui/page-head.tsx'
import { Panel } from '../../../_ui/panel.tsx'
import { NoPermission } from '../../../_ui/states/no-permission.tsx'
import { paths } from '../../../paths.ts'
import { setPreferenceAction } from './actions.ts'
import { Channels } from './channels.tsx'
import { Deliveries } from './deliveries.tsx'
import { PreferenceForm } from './preference-form.tsx'

export const metadata: Metadata = { title: 'Notification settings' }

const lines = kinds.map((kind) => ({ kind, ...kindWords[kind] }))

export default async function NotificationSettingsPage() {
  const ctx = await requireCtx()
  const nowMs = ctx.clock.now().getTime()
  const mine = await pageRead(readPreference(ctx))
  if (mine.refusal) return <NoPermission {...mine.refusal} />
  const ours = await pageRead(Promise.all([listChannels(ctx), listDeliveries(ctx)]))
  const [create, remove, test, retry] = await Promise.all([
    refusalOf(ctx, 'channel:create'),
    refusalOf(ctx, 'channel:remove'),
    refusalOf(ctx, 'channel:test'),
    refusalOf(ctx, 'delivery:retry'),
  ])
  const { mutedUntil, ...preference } = mine.value
  const isMuted = mutedUntil !== null && mutedUntil.getTime() > nowMs
  return (
    <>
      <PageHead
        crumbs={[{ href: paths.settings(), label: 'Settings' }]}
        title="Notification settings"
        because="Whoever must act learns of it. What you choose here is for this workspace."
      />
      <Panel title="What I am told" padded>
        <PreferenceForm
          preference={preference}
          muted={isMuted ? `Muted until ${formatInstant(mutedUntil.getTime(), 'UTC')}.` : ''}
          lines={lines}
          timeZones={Intl.supportedValuesOf('timeZone')}
          action={setPreferenceAction}
        />
      </Panel>
      {ours.refusal ? (
        <Panel title="Channels of the workspace" padded>
          <p>{ours.refusal.because}</p>
        </Panel>
      ) : (
        <>
          <Channels channels={ours.value[0]} lines={lines} refusals={{ create, remove, test }} />
          <Deliveries deliveries={ours.value[1].items} nowMs={nowMs} retryRefusal={retry} />
        </>
      )}
    </>
  )
}
