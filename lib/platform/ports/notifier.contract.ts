import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { NotifierChannel, NotifierMessage, NotifierPort } from './notifier.ts'

/** What the other side does with the next message. */
export type Receiving = 'take' | 'refuse-for-good' | 'refuse-for-now' | 'take-and-break' | 'never-answer'

export type NotifierUnderTest = {
  port: NotifierPort
  channel: NotifierChannel
  next(how: Receiving): void
  /** What has arrived, whether or not it was acknowledged, oldest first. */
  received(): { id: string; subject: string; text: string }[]
  /** From now on nobody listens there. */
  stop(): Promise<void>
  close(): Promise<void>
}

export const someMessage: NotifierMessage = {
  id: 'nd_01jqfx5n9re9wv3k7c2m8d4t6h',
  at: new Date('2026-03-02T09:00:00.000Z'),
  type: 'approval-waiting',
  subject: 'fraud@1.2.0 for production waits for your decision — „geprüft“',
  text: 'Zwei Zeilen.\n.\nfrom the second line on: ünïcödé, עברית',
  url: 'https://console.example/approvals/ap_1',
  settingsUrl: 'https://console.example/settings/notifications',
}

/** What every notifier must do, against a real receiver of its kind. */
export function describeNotifier(name: string, open: () => Promise<NotifierUnderTest>): void {
  describe(`${name} as a notifier`, () => {
    let u: NotifierUnderTest
    beforeEach(async () => {
      u = await open()
    })
    afterEach(() => u.close())
    const send = (message = someMessage) => u.port.deliver(u.channel, message)

    it('delivers the message whole, with its id', async () => {
      expect(await send()).toMatchObject({ outcome: 'accepted' })
      expect(u.received()).toMatchObject([{ id: someMessage.id, subject: someMessage.subject }])
      for (const line of [...someMessage.text.split('\n'), someMessage.url])
        expect(u.received()[0]?.text.split(/\r?\n/)).toContain(line)
    })

    it('tells what is refused for good from what may be tried again', async () => {
      u.next('refuse-for-good')
      expect(await send()).toMatchObject({
        outcome: 'refused',
        permanent: true,
        because: expect.stringMatching(/\d{3}/),
      })
      u.next('refuse-for-now')
      expect(await send()).toMatchObject({
        outcome: 'refused',
        permanent: false,
        because: expect.stringMatching(/\d{3}/),
      })
      expect(await send()).toMatchObject({ outcome: 'accepted' })
    })

    it('does not know whether it arrived when the connection breaks before the answer, and repeats it under the same id', async () => {
      u.next('take-and-break')
      expect(await send()).toMatchObject({ outcome: 'refused', permanent: false })
      expect(await send()).toMatchObject({ outcome: 'accepted' })
      expect(u.received().map((m) => m.id)).toEqual([someMessage.id, someMessage.id])
    })

    it('gives up on who does not answer', async () => {
      u.next('never-answer')
      expect(await send()).toMatchObject({ outcome: 'refused', permanent: false })
    })

    it('says that nobody listens, and may try again', async () => {
      await u.stop()
      expect(await send()).toMatchObject({
        outcome: 'refused',
        permanent: false,
        because: expect.stringContaining('ECONN'),
      })
    })

    it('cannot be made to write headers or commands by a subject or an id', async () => {
      const evil = 'Hello\r\nBcc: victim@example.com\r\n\r\nRCPT TO:<victim@example.com>'
      expect(await send({ ...someMessage, subject: evil })).toMatchObject({ outcome: 'accepted' })
      expect(u.received()).toHaveLength(1)
      expect(u.received()[0]?.text).not.toMatch(/^Bcc:/m)
    })
  })
}
