import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { manualClock, systemClock } from './clock.ts'
import { errorCodes, isProblem, problem, toProblemDocument, type ErrorCode } from './errors.ts'
import { idPrefixes, isId, newId, type IdKind } from './ids.ts'
import { decodeCursor, encodeCursor, pageOf } from './page.ts'
import { seal, unseal } from './seal.ts'
import { createSecrets, sameText } from './secrets.ts'

const kinds = Object.keys(idPrefixes) as IdKind[]
const instants = fc.date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true })
const secrets = createSecrets('a secret for tests only, 32 chars or more')

describe('ids', () => {
  it('sort by time, are of their kind and of no other', () => {
    fc.assert(
      fc.property(fc.constantFrom(...kinds), instants, instants, (kind, a, b) => {
        const [first, second] = [newId(kind, a), newId(kind, b)]
        if (a.getTime() !== b.getTime()) expect(first < second).toBe(a < b)
        expect(isId(kind, first)).toBe(true)
        expect(kinds.filter((k) => isId(k, first))).toEqual([kind])
      }),
    )
  })

  it('keep their order within a millisecond, and never repeat', () => {
    const now = new Date(1_700_000_000_000)
    const ids = Array.from({ length: 5_000 }, () => newId('entry', now))
    expect(ids).toEqual([...new Set(ids)].sort())
  })

  it.each([
    '',
    'mo_',
    'mo_x',
    `mo_${'0'.repeat(25)}`,
    `mo_${'0'.repeat(27)}`,
    `mo_8${'0'.repeat(25)}`,
    `mo_${'i'.repeat(26)}`,
    `mv_${'0'.repeat(26)}`,
    ` mo_${'0'.repeat(26)}`,
  ])('are not %j', (text) => {
    expect(isId('model', text)).toBe(false)
  })

  it('have a prefix for each kind alone', () => {
    expect(new Set(Object.values(idPrefixes)).size).toBe(kinds.length)
  })
})

describe('the manual clock', () => {
  it('moves when told, wakes sleepers in time and lets wall time step alone', async () => {
    const clock = manualClock(new Date(0))
    const woken: string[] = []
    const sleeps = [clock.sleep(10).then(() => woken.push('ten')), clock.sleep(20).then(() => woken.push('twenty'))]
    clock.advance(10)
    await sleeps[0]
    expect(woken).toEqual(['ten'])
    clock.set(new Date(5))
    expect([clock.now().getTime(), clock.monotonicMs()]).toEqual([5, 10])
    clock.advance(10)
    await sleeps[1]
    expect(woken).toEqual(['ten', 'twenty'])
  })

  it('ends a sleep when its signal aborts, as the real one does', async () => {
    for (const clock of [manualClock(new Date(0)), systemClock]) {
      const controller = new AbortController()
      const sleep = clock.sleep(1_000_000, controller.signal)
      controller.abort()
      await expect(sleep).resolves.toBeUndefined()
      await expect(clock.sleep(1_000_000, AbortSignal.abort())).resolves.toBeUndefined()
    }
  })
})

describe('errors', () => {
  it('become problem documents (RFC 9457) with their code, title and details', () => {
    for (const [code, { status, title }] of Object.entries(errorCodes)) {
      const document = toProblemDocument(problem(code as ErrorCode, 'words', { seen: 1 }), 'req_1')
      expect(document).toMatchObject({ status, title, code, detail: 'words', seen: 1, requestId: 'req_1' })
      expect(document.type).toBe(`https://quarterdeck.dev/problems/${code}`)
    }
  })

  it('show nothing of a cause that they do not know (ASVS 16.5.1)', () => {
    const document = toProblemDocument(new Error('password=hunter2 at 10.0.0.1'), 'req_2')
    expect(document).toMatchObject({ status: 500, code: 'internal' })
    expect(JSON.stringify(document)).not.toMatch(/hunter2|10\.0\.0\.1/)
    const caused = toProblemDocument(problem('conflict', 'words', {}, { cause: new Error('hunter2') }), 'req_3')
    expect(JSON.stringify(caused)).not.toContain('hunter2')
  })

  it('cannot have their status or code replaced by details', () => {
    expect(toProblemDocument(problem('forbidden', 'no', { status: 200, code: 'fine' }), 'r')).toMatchObject({
      status: 403,
      code: 'forbidden',
    })
  })

  it('are told apart by code', () => {
    expect(isProblem(problem('conflict', 'x'), 'conflict')).toBe(true)
    expect(isProblem(problem('conflict', 'x'), 'invalid')).toBe(false)
    expect(isProblem(new Error('x'))).toBe(false)
  })
})

describe('pages', () => {
  it('give each row once, whatever the limit', () => {
    const ids = Array.from({ length: 23 }, (_, i) => newId('model', new Date(i))).toReversed()
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), (limit) => {
        const seen: string[] = []
        let cursor: string | undefined
        do {
          const before = decodeCursor(cursor)
          const rows = ids.filter((id) => before === undefined || id < before).slice(0, limit + 1)
          const page = pageOf(rows, limit, (id) => id)
          expect(page.items.length).toBeLessThanOrEqual(limit)
          seen.push(...page.items)
          cursor = page.nextCursor ?? undefined
        } while (cursor !== undefined)
        expect(seen).toEqual(ids)
      }),
    )
  })

  it('refuse a cursor that they did not give', () => {
    const good = encodeCursor(newId('model', new Date(0)))
    for (const text of ['', 'x', `${good}=`, `${good}A`, encodeCursor("mo_' or 1=1"), encodeCursor('MO_X')])
      expect(() => decodeCursor(text)).toThrow('cursor')
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => decodeCursor(encodeCursor(text))).toThrow('cursor')
      }),
    )
  })
})

describe('sealed keys', () => {
  it('open under their own secret and context alone, and any change is found', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(), (plain, context, at) => {
        const sealed = seal(secrets, context, plain)
        expect(unseal(secrets, context, sealed)).toBe(plain)
        expect(() => unseal(secrets, `${context}x`, sealed)).toThrow('does not open')
        const [version, nonce = '', tag = '', body = ''] = sealed.split('.')
        const bytes = Buffer.from(tag, 'base64url')
        bytes[at % bytes.length]! ^= 1
        expect(() => unseal(secrets, context, [version, nonce, bytes.toString('base64url'), body].join('.'))).toThrow()
      }),
    )
    const sealed = seal(secrets, 'row', 'key')
    expect(sealed).not.toBe(seal(secrets, 'row', 'key'))
    expect(() => unseal(createSecrets('another secret of 32 chars, at least'), 'row', sealed)).toThrow(
      'QUARTERDECK_SECRET',
    )
    for (const text of ['', 'v1', 'v1.a.b', 'v2.a.b.c']) expect(() => unseal(secrets, 'row', text)).toThrow()
  })
})

describe('secrets', () => {
  it('give each purpose a key of its own, the same in each process', () => {
    const again = createSecrets('a secret for tests only, 32 chars or more')
    expect(again.derive('entry-mac')).toEqual(secrets.derive('entry-mac'))
    expect(secrets.derive('entry-mac')).not.toEqual(secrets.derive('sealed-keys'))
    expect(secrets.mac('entry-mac', 'x')).not.toBe(secrets.mac('agent-admin', 'x'))
    expect(secrets.derive('ingest-key')).toHaveLength(32)
    expect(() => createSecrets('x'.repeat(31))).toThrow('32 characters')
  })

  it('compare texts of any length', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(sameText(a, b)).toBe(a === b)
      }),
    )
  })
})
