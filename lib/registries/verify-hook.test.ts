import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { verifyHook } from './verify-hook.ts'

const now = new Date('2026-03-02T09:00:00Z')
const seconds = String(now.getTime() / 1000)
const body = Buffer.from('{"entity":"model_version_alias","action":"created"}')

function sign(secret: string, id: string, timestamp: string, content: Uint8Array): string {
  return `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(content).digest('base64')}`
}
const signed = (timestamp = seconds) => ({ id: 'd1', timestamp, signature: sign('s', 'd1', timestamp, body) })

describe('a delivery of MLflow', () => {
  it('is its own when secret, id, timestamp and bytes are', () => {
    expect(verifyHook('s', signed(), body, now)).toEqual({ ok: true })
  })

  it.each([
    ['another secret', 't', signed(), body],
    ['another id', 's', { ...signed(), id: 'd2' }, body],
    ['other bytes', 's', signed(), Buffer.from('{}')],
    ['another version', 's', { ...signed(), signature: signed().signature.replace('v1', 'v2') }, body],
    ['no signature', 's', { ...signed(), signature: undefined }, body],
    ['an empty one', 's', { ...signed(), signature: 'v1,' }, body],
    ['a timestamp that is none', 's', { ...signed(), timestamp: 'now' }, body],
    ['an old one, rightly signed', 's', signed(String(Number(seconds) - 301)), body],
    ['one from ahead', 's', signed(String(Number(seconds) + 301)), body],
  ])('is refused with %s', (_, secret, headers, content) => {
    expect(verifyHook(secret, headers, content, now)).toMatchObject({ ok: false })
  })

  it('is never let in by anything but the signature', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(text !== signed().signature)
        expect(verifyHook('s', { ...signed(), signature: text }, body, now).ok).toBe(false)
      }),
    )
  })
})
