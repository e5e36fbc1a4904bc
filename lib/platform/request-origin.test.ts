import { describe, expect, it } from 'vitest'
import { checkHost, checkSameOrigin, checkSite, isLoopbackHost } from './request-origin.ts'

const local = { origin: 'http://127.0.0.1:4400', host: '127.0.0.1' }
const company = { origin: 'https://models.example', host: '0.0.0.0' }
const refused = expect.objectContaining({ code: 'forbidden' }) as unknown

function answer(check: () => void): 'ok' | 'forbidden' {
  try {
    check()
    return 'ok'
  } catch (error) {
    expect(error).toEqual(refused)
    return 'forbidden'
  }
}

describe('the Host of a request', () => {
  it.each([
    [local, '127.0.0.1:4400', false, 'ok'],
    [local, 'localhost:4400', false, 'ok'],
    [local, '[::1]:4400', false, 'ok'],
    [local, 'LOCALHOST', false, 'ok'],
    [local, 'evil.example:4400', false, 'forbidden'],
    [local, '127.0.0.1.evil.example', false, 'forbidden'],
    [local, '10.0.0.7:4400', false, 'forbidden'],
    [local, '10.0.0.7:4400', true, 'ok'],
    [local, 'evil.example', true, 'forbidden'],
    [local, '', false, 'forbidden'],
    [local, null, false, 'forbidden'],
    [local, undefined, true, 'forbidden'],
    [local, 'a b', true, 'forbidden'],
    [company, 'models.example', false, 'ok'],
    [company, 'models.example:8443', false, 'forbidden'],
    [company, 'localhost:4400', false, 'forbidden'],
    [company, '10.0.0.7', true, 'ok'],
  ] as const)('of %o: %s (by address: %s) is %s', (served, host, byAddress, expected) => {
    expect(answer(() => checkHost(served, host, byAddress))).toBe(expected)
  })
})

describe('the page that a request comes from', () => {
  it.each([
    [{ origin: undefined, site: undefined }, 'ok'],
    [{ origin: 'https://models.example', site: 'same-origin' }, 'ok'],
    [{ origin: undefined, site: 'none' }, 'ok'],
    [{ origin: 'https://evil.example', site: undefined }, 'forbidden'],
    [{ origin: 'null', site: undefined }, 'forbidden'],
    [{ origin: undefined, site: 'cross-site' }, 'forbidden'],
    [{ origin: undefined, site: 'same-site' }, 'forbidden'],
  ] as const)('a call of the API with %o is %s', (sent, expected) => {
    expect(answer(() => checkSite(company, sent))).toBe(expected)
  })

  it.each([
    [{ origin: 'http://127.0.0.1:4400', site: 'same-origin' }, 'ok'],
    [{ origin: 'http://127.0.0.1:4400', site: null }, 'ok'],
    [{ origin: 'http://127.0.0.1:4401', site: 'same-site' }, 'forbidden'],
    [{ origin: 'http://127.0.0.1:4401', site: null }, 'forbidden'],
    [{ origin: 'http://localhost:4400', site: 'same-origin' }, 'forbidden'],
    [{ origin: null, site: 'same-origin' }, 'forbidden'],
    [{ origin: 'null', site: 'same-origin' }, 'forbidden'],
    [{ origin: 'http://127.0.0.1:4400', site: 'cross-site' }, 'forbidden'],
  ] as const)('a form of the console with %o is %s', (sent, expected) => {
    expect(answer(() => checkSameOrigin(local, '127.0.0.1:4400', sent))).toBe(expected)
  })
})

it('a loopback name is this machine', () => {
  expect(['127.0.0.1:80', 'localhost', '[::1]:7'].map((host) => isLoopbackHost(host))).toEqual([true, true, true])
  expect([undefined, '', 'localhost.evil', '127.0.0.2'].map((host) => isLoopbackHost(host))).not.toContain(true)
})
