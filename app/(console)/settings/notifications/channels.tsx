import { kindWords, type ChannelView, type NotificationKind } from '#lib/notifications/model.ts'
import { GovernedAction } from '../../../_ui/dialog/governed-action.tsx'
import { Panel } from '../../../_ui/panel.tsx'
import { PermissionButton, type Refusal } from '../../../_ui/permission-button.tsx'
import { addMailAction, addWebhookAction, removeChannelAction, testChannelAction } from './actions.ts'
import { MailForm, TestButton, WebhookForm } from './channel-forms.tsx'
import type { KindLine } from './preference-form.tsx'
import s from './notifications.module.css'

export type ChannelsProps = {
  channels: readonly ChannelView[]
  lines: readonly KindLine[]
  refusals: { create: Refusal | null; remove: Refusal | null; test: Refusal | null }
}

/** The workspace's mail server and webhooks. */
export function Channels({ channels, lines, refusals }: ChannelsProps) {
  const hasMail = channels.some((channel) => channel.kind === 'email')
  return (
    <Panel title="Channels of the workspace">
      {channels.length === 0 && (
        <p className={s.empty}>
          There is none yet: people are told in their inboxes only. A mail server lets them choose mail; a webhook tells
          the tools of a team.
        </p>
      )}
      <ul className={s.channels}>
        {channels.map((channel) => (
          <li key={channel.id}>
            <div className={s.channel}>
              <b>{channel.name}</b>
              <p>
                {channel.kind === 'email' ? 'Mail server' : 'Webhook'}: {channel.address}
              </p>
              <p className={s.hint}>{detailOf(channel)}</p>
            </div>
            {refusals.test ? (
              <PermissionButton refusal={refusals.test}>Send a test</PermissionButton>
            ) : (
              <TestButton action={testChannelAction} channelId={channel.id} />
            )}
            <GovernedAction
              refusal={refusals.remove}
              opener="Remove…"
              kind="danger"
              title={`Remove ${channel.name}?`}
              plan={[
                { what: 'Channel', from: channel.address, to: 'none' },
                { what: 'What waits to go out by it', to: 'dropped' },
              ]}
              verb="Remove channel"
              action={removeChannelAction}
              fields={{ channelId: channel.id }}
              reasonLengthMin={3}
            />
          </li>
        ))}
      </ul>
      <div className={s.adding}>
        {refusals.create ? (
          <PermissionButton refusal={refusals.create}>Add a channel</PermissionButton>
        ) : (
          <>
            {!hasMail && <MailForm action={addMailAction} />}
            <WebhookForm action={addWebhookAction} lines={lines} />
          </>
        )}
      </div>
    </Panel>
  )
}

function detailOf(channel: ChannelView): string {
  if (channel.kind === 'email')
    return `To ${channel.recipientDomains.join(', ')} only${channel.hasSecret ? '; the password is sealed' : '; no sign-in'}.`
  const told = channel.kinds.map((kind) => kindWords[kind as NotificationKind].title.toLowerCase())
  return `Told of: ${told.join('; ')}.`
}
