import { describe, expect, it } from 'vitest'
import { identityFromClaims } from './issuer-claims.ts'
import { parseIssuers, type OidcIssuer } from './issuer-config.ts'

const file = `
apiVersion: quarterdeck/v1
kind: Issuers
issuers:
  - name: entra
    issuer: https://login.example.test/v2.0
    algorithms: [RS256]
    api: { audience: [api] }
    groupPrefix: 'entra:'
    claims: { roles: [roles, 'https://acme.test/roles', resource_access.quarterdeck.roles], groups: [groups] }
    roles:
      - { value: Approvers, workspace: fraud, role: approver, environment: production }
      - { value: g-7, workspace: fraud, role: viewer }
`
const [issuer] = parseIssuers(file, {}) as [OidcIssuer]
const read = (claims: Record<string, unknown>) => identityFromClaims(issuer, { sub: 's', ...claims })
const overage = { code: 'forbidden', message: expect.stringContaining('too many entries') as string }

describe('claims of an identity provider', () => {
  it('give roles by value, from nested claims and from claims whose names have dots', () => {
    const roles = [
      { roles: ['Approvers'] },
      { 'https://acme.test/roles': ['Approvers'] },
      { resource_access: { quarterdeck: { roles: ['Approvers'] } } },
    ].map((c) => read(c).roles)
    for (const given of roles)
      expect(given).toEqual([{ workspace: 'fraud', role: 'approver', environment: 'production', label: null }])
  })

  it('put a prefix before groups', () => {
    expect(read({ groups: ['g-7'] }).groups).toEqual(['entra:g-7'])
  })

  it('that are absent mean no roles and no groups, as Keycloak and Entra leave an empty claim out', () => {
    expect(read({})).toMatchObject({ groups: [], roles: [] })
    expect(read({ roles: ['Approvers'] })).toMatchObject({ groups: [], roles: [{ role: 'approver' }] })
  })

  it('that are absent say nothing where whenAbsent is keep, or none are configured', () => {
    const of = (claims: Record<string, unknown>) =>
      identityFromClaims({ ...issuer, claims: { ...issuer.claims, ...claims } }, { sub: 's' })
    expect(of({ whenAbsent: 'keep' })).toMatchObject({ groups: undefined, roles: undefined })
    expect(of({ groups: [], roles: [] })).toMatchObject({ groups: undefined, roles: undefined })
  })

  it('with groups left out are an error, never an absence of roles: _claim_names (Entra above 200)', () => {
    expect(() =>
      read({ _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://x' } } }),
    ).toThrow(expect.objectContaining(overage) as Error)
  })

  it('with groups left out are an error: hasgroups (Entra, implicit flow)', () => {
    expect(() => read({ hasgroups: true, roles: ['Approvers'] })).toThrow(expect.objectContaining(overage) as Error)
  })

  it('of which nothing that is needed was left out are read', () => {
    expect(read({ _claim_names: { addresses: 'src1' }, groups: ['g-7'] }).groups).toEqual(['entra:g-7'])
  })

  it('with 250 groups are read, all of them', () => {
    const groups = Array.from({ length: 250 }, (_, i) => `g-${i}`)
    const { groups: found, roles } = read({ groups })
    expect(found).toHaveLength(250)
    expect(roles).toEqual([{ workspace: 'fraud', role: 'viewer', environment: null, label: null }])
  })

  it.each([[{ groups: 7 }], [{ groups: [{ name: 'x' }] }], [{ roles: [''] }], [{ roles: ['x'.repeat(301)] }]])(
    'that are no list of names are an error: %j',
    (claims) => {
      expect(() => read(claims)).toThrow('not a list of names')
    },
  )

  it('of more than a thousand values are an error', () => {
    expect(() => read({ groups: Array.from({ length: 1_001 }, (_, i) => `g-${i}`) })).toThrow('at most 1000')
  })

  it('tell programs from people', () => {
    expect(read({ client_id: 's' }).kind).toBe('service')
    expect(read({ idtyp: 'app' }).kind).toBe('service')
    expect(read({ preferred_username: 'service-account-robot' }).kind).toBe('service')
    expect(read({ client_id: 'console', preferred_username: 'dana' }).kind).toBe('person')
  })
})
