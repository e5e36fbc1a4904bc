import { realm } from './keycloak.ts'

export const password = 'correct horse battery staple'
export const clientSecret = 'the-secret-of-the-console-client'
export const robotSecret = 'the-secret-of-the-robot-client'
export const manyGroups = 250

const mapper = (name: string, kind: string, config: Record<string, string>) => ({
  name,
  protocol: 'openid-connect',
  protocolMapper: kind,
  config: { 'id.token.claim': 'true', 'access.token.claim': 'true', ...config },
})

const mappers = [
  mapper('roles', 'oidc-usermodel-realm-role-mapper', {
    'claim.name': 'roles',
    multivalued: 'true',
    'jsonType.label': 'String',
  }),
  mapper('groups', 'oidc-group-membership-mapper', { 'claim.name': 'groups', 'full.path': 'false' }),
  mapper('api', 'oidc-audience-mapper', { 'included.custom.audience': 'quarterdeck-api', 'id.token.claim': 'false' }),
]

const user = (username: string, more: Record<string, unknown>) => ({
  username,
  enabled: true,
  email: `${username}@example.test`,
  emailVerified: true,
  firstName: username,
  lastName: 'Test',
  credentials: [{ type: 'password', value: password, temporary: false }],
  ...more,
})

/** A company's realm: two people with roles, one in 250 groups, the console's client and a program's. */
export function realmDocument(origin: string) {
  const groups = Array.from({ length: manyGroups }, (_, i) => ({ name: `group-${i}` }))
  return {
    realm,
    enabled: true,
    sslRequired: 'none',
    accessTokenLifespan: 300,
    roles: { realm: [{ name: 'ml-developer' }, { name: 'ml-admin' }] },
    groups,
    users: [
      user('dana', { realmRoles: ['ml-developer'], groups: ['/group-1'] }),
      user('ingrid', { realmRoles: ['ml-admin'] }),
      user('mona', { realmRoles: ['ml-developer'], groups: groups.map((g) => `/${g.name}`) }),
      user('nora', {}),
      {
        username: 'service-account-robot',
        enabled: true,
        serviceAccountClientId: 'robot',
        realmRoles: ['ml-developer'],
      },
    ],
    clients: [
      {
        clientId: 'quarterdeck',
        secret: clientSecret,
        standardFlowEnabled: true,
        directAccessGrantsEnabled: true,
        redirectUris: [`${origin}/sign-in/callback`],
        attributes: { 'post.logout.redirect.uris': `${origin}/sign-in`, 'pkce.code.challenge.method': 'S256' },
        protocolMappers: mappers,
      },
      {
        clientId: 'robot',
        secret: robotSecret,
        standardFlowEnabled: false,
        serviceAccountsEnabled: true,
        protocolMappers: mappers,
      },
      { clientId: 'other', secret: robotSecret, standardFlowEnabled: false, directAccessGrantsEnabled: true },
    ],
  }
}
