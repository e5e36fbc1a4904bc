import { createServer, type Server } from 'node:http'
import { SignJWT, exportJWK, generateKeyPair, type CryptoKey, type JWK } from 'jose'
import Provider, { type Configuration } from 'oidc-provider'

export type LightProvider = {
  issuer: string
  /** How often its keys were asked for. */
  keyReads(): number
  /** Signs with the provider's own present key whatever it is told: a token that only one thing is wrong with. */
  sign(claims: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>
  /** New keys; the old ones stay published until the next rotation when `keep` is true. */
  rotate(keep: boolean): Promise<void>
  token(): Promise<string>
  stop(): Promise<void>
}
type Key = { jwk: JWK; privateKey: CryptoKey }

export const lightSecret = 'the-secret-of-the-light-client'

/** A standards-conformant provider (panva/node-oidc-provider) in this process, with ES256 keys that rotate. */
export async function startLightProvider(port: number, origin: string): Promise<LightProvider> {
  const issuer = `http://127.0.0.1:${port}`
  let keys: Key[] = [await newKey('light-1')]
  let handler = new Provider(issuer, configuration(keys, origin)).callback()
  let made = 1
  let keyReads = 0
  const server: Server = createServer((request, response) => {
    if (request.url === '/jwks') keyReads += 1
    void handler(request, response)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    issuer,
    keyReads: () => keyReads,
    sign: (claims, header) => {
      const [key] = keys
      if (!key) throw new Error('no key')
      return new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', ...(key.jwk.kid ? { kid: key.jwk.kid } : {}), ...header })
        .sign(key.privateKey)
    },
    rotate: async (keep) => {
      made += 1
      keys = [await newKey(`light-${made}`), ...(keep ? keys.slice(0, 1) : [])]
      handler = new Provider(issuer, configuration(keys, origin)).callback()
    },
    token: () => robotToken(issuer),
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function newKey(kid: string): Promise<Key> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  return { jwk: { ...(await exportJWK(privateKey)), kid, alg: 'ES256', use: 'sig' }, privateKey }
}

async function robotToken(issuer: string): Promise<string> {
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`robot:${lightSecret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const body = (await answer.json()) as { access_token?: string }
  if (body.access_token === undefined) throw new Error(`no token: ${JSON.stringify(body)}`)
  return body.access_token
}

function configuration(keys: readonly Key[], origin: string): Configuration {
  return {
    jwks: { keys: keys.map((k) => k.jwk) as never },
    clients: [
      {
        client_id: 'quarterdeck',
        client_secret: lightSecret,
        redirect_uris: [`${origin}/sign-in/callback`],
        post_logout_redirect_uris: [`${origin}/sign-in`],
        id_token_signed_response_alg: 'ES256',
      },
      {
        client_id: 'robot',
        client_secret: lightSecret,
        redirect_uris: [],
        response_types: [],
        grant_types: ['client_credentials'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    scopes: ['openid', 'profile'],
    claims: { openid: ['sub', 'auth_time'], profile: ['name', 'roles', '_claim_names'] },
    conformIdTokenClaims: false,
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        name: `Light ${id}`,
        ...(id === 'crowded' ? { _claim_names: { roles: 'src1' } } : { roles: ['light-developer'] }),
      }),
    }),
    cookies: { keys: ['only for tests'] },
    features: {
      clientCredentials: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'https://quarterdeck.test/api',
        getResourceServerInfo: () => ({
          scope: '',
          audience: 'quarterdeck-api',
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    extraTokenClaims: () => ({ roles: ['light-developer'] }),
  }
}
