import { setTimeout as delay } from 'node:timers/promises'
import { realm, type Keycloak } from './keycloak.ts'
import type { LightProvider } from './light-provider.ts'
import type { Product } from './product.ts'
import { clientSecret, manyGroups, password, robotSecret } from './realm.ts'
import { check, same } from './record.ts'

/** How long keys are kept in these tests, and a second more. */
export const jwksSeconds = 5
const keysOut = (jwksSeconds + 1) * 1000

type KeyProvider = { id: string; name: string; providerId: string; config: Record<string, string[]> }

export async function checkKeycloakApi(product: Product, keycloak: Keycloak): Promise<void> {
  const { call } = product
  const tokenOf = (username: string) =>
    keycloak.token({
      grant_type: 'password',
      client_id: 'quarterdeck',
      client_secret: clientSecret,
      username,
      password,
      scope: 'openid',
    })
  const robot = () =>
    keycloak.token({ grant_type: 'client_credentials', client_id: 'robot', client_secret: robotSecret })
  await check('Keycloak: a person’s access token acts in the API, by (issuer, subject)', async () => {
    const token = await tokenOf('dana')
    const { status, body } = await call('GET', '/whoami', token)
    same('whoami', [status, body.issuer, body.kind], [200, keycloak.issuer, 'person'])
    const made = await call('POST', '/models', token, { name: 'by-dana', title: 'By Dana' })
    same('a developer registers', made.status, 201)
    same('a developer gives no roles', (await call('POST', '/service-accounts', token, account('by-dana'))).status, 403)
  })
  await check('Keycloak: a program’s access token (client credentials) is a service', async () => {
    const { status, body } = await call('GET', '/whoami', await robot())
    same('whoami', [status, body.kind], [200, 'service'])
  })
  await check(`Keycloak: ${manyGroups} groups in a token are read, all of them`, async () => {
    same('whoami', (await call('GET', '/whoami', await tokenOf('mona'))).status, 200)
  })
  await check('Keycloak: a token for another audience is refused', async () => {
    const other = { client_id: 'other', client_secret: robotSecret }
    const token = await keycloak.token({ grant_type: 'password', ...other, username: 'dana', password })
    same('status', (await call('GET', '/whoami', token)).status, 401)
  })
  await check('Keycloak: a role that is taken away there ends here with the next token', async () => {
    same('before', (await call('GET', '/models', await robot())).status, 200)
    const [user] = (await keycloak.admin('GET', '/users?username=service-account-robot&exact=true')) as { id: string }[]
    const role = await keycloak.admin('GET', '/roles/ml-developer')
    await keycloak.admin('DELETE', `/users/${user?.id}/role-mappings/realm`, [role])
    same('after', (await call('GET', '/models', await robot())).status, 404)
    await keycloak.admin('POST', `/users/${user?.id}/role-mappings/realm`, [role])
    same('given again', (await call('GET', '/models', await robot())).status, 200)
  })
  await check('Keycloak: keys rotate with old tokens in flight, and a key that is gone is refused', async () => {
    const statusOf = async (token: string) => (await call('GET', '/whoami', token)).status
    const old = await tokenOf('dana')
    same('before', await statusOf(old), 200)
    await delay(keysOut)
    same('keys were read', await statusOf(old), 200)
    await delay(keysOut - 500)
    const former = await rsaKeys(keycloak)
    await keycloak.admin('POST', '/components', newRsaKey())
    const fresh = await tokenOf('dana')
    same('kid', kidOf(old) === kidOf(fresh), false)
    same('both, after the rotation', [await statusOf(fresh), await statusOf(old)], [200, 200])
    for (const key of former) await keycloak.admin('DELETE', `/components/${key.id}`)
    await delay(keysOut)
    same('both, after the old key is gone', [await statusOf(fresh), await statusOf(old)], [200, 401])
  })
}

async function rsaKeys(keycloak: Keycloak): Promise<KeyProvider[]> {
  const all = (await keycloak.admin('GET', '/components?type=org.keycloak.keys.KeyProvider')) as KeyProvider[]
  return all.filter((c) => c.providerId === 'rsa-generated')
}

function newRsaKey() {
  return {
    name: `rotated-${realm}`,
    providerId: 'rsa-generated',
    providerType: 'org.keycloak.keys.KeyProvider',
    config: { priority: ['1000'], enabled: ['true'], active: ['true'], keySize: ['2048'], algorithm: ['RS256'] },
  }
}

function kidOf(token: string): unknown {
  return (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid?: unknown }).kid
}

const account = (name: string) => ({ name, purpose: 'made by the conformance suite' })

export async function checkLightApi(product: Product, light: LightProvider): Promise<void> {
  const { call } = product
  const seconds = () => Math.floor(Date.now() / 1000)
  const claims = (more: Record<string, unknown> = {}) => ({
    iss: light.issuer,
    aud: 'quarterdeck-api',
    sub: 'lena',
    iat: seconds(),
    exp: seconds() + 300,
    roles: ['light-developer'],
    ...more,
  })
  const answerTo = async (more: Record<string, unknown>, header?: Record<string, unknown>) =>
    call('GET', '/whoami', await light.sign(claims(more), header))
  await check('oidc-provider: its own JWT access token (RFC 9068) acts in the API', async () => {
    const { status, body } = await call('GET', '/whoami', await light.token())
    same('whoami', [status, body.kind, body.subject], [200, 'service', 'robot'])
  })
  await check('oidc-provider: clocks may differ by thirty seconds, not by ninety', async () => {
    const statuses = []
    for (const ahead of [20, 90, -320, -390])
      statuses.push(
        (await answerTo({ iat: seconds() + ahead, nbf: seconds() + ahead, exp: seconds() + ahead + 300 })).status,
      )
    same('20 s fast, 90 s fast, 20 s past its end, 90 s past its end', statuses, [200, 401, 200, 401])
  })
  await check('oidc-provider: groups left out of an access token are an error that names the claim', async () => {
    const { status, body } = await answerTo({ roles: undefined, _claim_names: { roles: 'src1' } })
    same('answer', [status, body.claim], [403, 'roles'])
  })
  await check('oidc-provider: another type of token, and one that is bound to a key, are refused', async () => {
    const { status } = await answerTo({}, { typ: 'JWT' })
    same('status', [status, (await answerTo({ cnf: { jkt: 'x' } })).status], [401, 401])
  })
  await check('oidc-provider: an old sign-in is not enough to make an account; a fresh one is', async () => {
    const make = async (authTime: number, name: string) =>
      call(
        'POST',
        '/service-accounts',
        await light.sign(claims({ sub: 'adele', roles: ['light-admin'], auth_time: authTime })),
        account(name),
      )
    const stale = await make(seconds() - 1_000, 'late')
    same('stale', [stale.status, stale.body.stepUp], [403, true])
    same('fresh', (await make(seconds() - 10, 'early')).status, 201)
  })
  await check('oidc-provider: keys rotate with old tokens in flight; an unknown key is looked for once', async () => {
    const old = await light.sign(claims())
    same('before', (await call('GET', '/whoami', old)).status, 200)
    await delay(keysOut)
    same('keys were read', (await call('GET', '/whoami', old)).status, 200)
    await light.rotate(true)
    await delay(keysOut)
    const reads = light.keyReads()
    const fresh = await light.sign(claims())
    same('both', [(await call('GET', '/whoami', fresh)).status, (await call('GET', '/whoami', old)).status], [200, 200])
    const madeUp = await Promise.all(Array.from({ length: 20 }, () => answerTo({}, { kid: 'made-up' })))
    same('made-up keys', new Set(madeUp.map((a) => a.status)).size === 1 && madeUp[0]?.status, 401)
    same('the keys were read at most twice for 22 tokens', light.keyReads() - reads <= 2, true)
    await light.rotate(false)
    await delay(keysOut)
    same('the retired key', (await call('GET', '/whoami', old)).status, 401)
  })
}

export async function checkOwnIssuer(product: Product): Promise<void> {
  const { call } = product
  await check(
    'Own issuer: a service account’s token acts until the account is disabled; its key is published and rotates',
    async () => {
      const admin = await product.persona('ingrid', 'default')
      const made = await call('POST', '/service-accounts', admin, account('nightly'))
      const path = `/service-accounts/${String(made.body.id)}`
      const bind = {
        issuer: made.body.issuer,
        subject: made.body.subject,
        name: 'nightly',
        kind: 'service',
        role: 'viewer',
      }
      same('bound', (await call('POST', '/members', admin, bind)).status, 201)
      const issued = await call('POST', `${path}/tokens`, admin, { lifetimeSeconds: 600 })
      const token = String(issued.body.token)
      same('acts', (await call('GET', '/models', token)).status, 200)
      const root = await product.persona('ingrid', 'quarterdeck')
      const rotated = await call('POST', '/signing-keys/rotate', root, undefined, 'quarterdeck')
      same('rotated', rotated.status, 200)
      const published = (await (await fetch(`${product.origin}/.well-known/jwks.json`)).json()) as {
        keys: { kid: string }[]
      }
      same(
        'two keys live',
        published.keys.map((k) => k.kid),
        [rotated.body.keyId, rotated.body.retiredKeyId],
      )
      same('acts still', (await call('GET', '/models', token)).status, 200)
      await call('POST', `${path}/disable`, admin, { reason: 'not needed any more' })
      same('refused', (await call('GET', '/models', token)).status, 401)
    },
  )
  await check('Audit: sign-ins, refusals, confirmations and sign-outs are in the log', async () => {
    const root = await product.persona('ingrid', 'quarterdeck')
    for (const action of ['session:start', 'session:refuse', 'session:confirm', 'session:end']) {
      const { status, body } = await call(
        'GET',
        `/audit/entries?kind=${encodeURIComponent(action)}&limit=5`,
        root,
        undefined,
        'quarterdeck',
      )
      same(`${action} entries`, status === 200 && (body.items as unknown[]).length > 0, true)
    }
  })
}
