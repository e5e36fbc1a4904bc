import { describe, expect, it } from 'vitest'
import { decideAlias, localName, type AliasFacts } from './decide.ts'

const facts: AliasFacts = {
  intended: { versionId: 'mv_1', number: 1 },
  observed: { number: 1, versionId: 'mv_1' },
  verified: 'mv_1',
  reported: null,
  outsideEdits: 'report',
}

describe('what to do about an alias', () => {
  it.each<[string, Partial<AliasFacts>, object]>([
    ['as intended', {}, { kind: 'none' }],
    ['set nowhere', { intended: null, observed: null }, { kind: 'none' }],
    ['never set here', { intended: null }, { kind: 'adopt', versionId: 'mv_1' }],
    ['not imported yet', { intended: null, observed: { number: 2, versionId: null } }, { kind: 'none' }],
    ['a version that is only here', { intended: { versionId: 'mv_9', number: null } }, { kind: 'none' }],
    ['seen there for the first time', { verified: null }, { kind: 'verified' }],
    ['moved back by whoever moved it', { reported: '2' }, { kind: 'verified' }],
    [
      'ours, and not there yet',
      { verified: 'mv_2', observed: { number: 2, versionId: 'mv_2' } },
      { kind: 'carry-out' },
    ],
    ['moved outside', { observed: { number: 2, versionId: 'mv_2' } }, { kind: 'report', key: '2', putBack: false }],
    [
      'moved outside to a version that is not here',
      { observed: { number: 7, versionId: null } },
      { kind: 'report', key: '7' },
    ],
    ['removed outside', { observed: null, outsideEdits: 'put-back' }, { kind: 'report', key: 'none', putBack: true }],
    ['told before', { observed: { number: 2, versionId: 'mv_2' }, reported: '2' }, { kind: 'none' }],
    ['moved on', { observed: { number: 3, versionId: 'mv_3' }, reported: '2' }, { kind: 'report', key: '3' }],
    [
      'told before and not put back yet',
      { observed: { number: 2, versionId: 'mv_2' }, reported: '2', outsideEdits: 'put-back' },
      { kind: 'report', putBack: true },
    ],
  ])('%s', (_, change, decision) => {
    expect(decideAlias({ ...facts, ...change })).toMatchObject(decision)
  })
})

describe('a local name', () => {
  it.each([
    ['Fraud Detector', 'fraud-detector'],
    ['Müller & Söhne', 'mu-ller-so-hne'],
    ['42', 'model'],
    ['日本', 'model'],
    ['x', 'model-x'],
    ['a'.repeat(90), 'a'.repeat(54)],
  ])('of %s', (name, local) => {
    expect(localName(name)).toBe(local)
    expect(localName(name)).toMatch(/^[a-z][a-z0-9-]{1,53}$/)
  })
})
