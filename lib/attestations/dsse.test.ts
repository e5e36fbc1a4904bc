import { createPublicKey, verify } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { preAuthEncoding } from './dsse.ts'

// The test vector of the specification: secure-systems-lab/dsse, protocol.md, "Test Vectors".
const type = 'http://example.com/HelloWorld'
const body = Buffer.from('hello world')

describe('pre-authentication encoding of DSSE', () => {
  it('is the text of the specification', () => {
    expect(preAuthEncoding(type, body).toString()).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world')
  })

  it('is what the key of the specification has signed', () => {
    const x = 46950820868899156662930047687818585632848591499744589407958293238635476079160n
    const y = 5640078356564379163099075877009565129882514886557779369047442380624545832820n
    const sig = 'A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=='
    const [px, py] = [x, y].map((n) => Buffer.from(n.toString(16).padStart(64, '0'), 'hex').toString('base64url'))
    const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: px!, y: py! }, format: 'jwk' })
    const signature = Buffer.from(sig, 'base64')
    const checked = (bytes: Buffer) => verify('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }, signature)
    expect(checked(preAuthEncoding(type, body))).toBe(true)
    expect(checked(preAuthEncoding(type, Buffer.from('hello worle')))).toBe(false)
  })

  it('counts bytes, not characters', () => {
    expect(preAuthEncoding('é', Buffer.from('ü')).toString()).toBe('DSSEv1 2 é 2 ü')
  })
})
