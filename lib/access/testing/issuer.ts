import { createServer } from 'node:http'
import { SignJWT, exportJWK, generateKeyPair, type CryptoKey, type JWK, type JWTHeaderParameters } from 'jose'

export type TestIssuer = {
  issuer: string
  /** How often the keys were asked for. */
  reads(): number
  publicJwk(): JWK
  sign(claims: Record<string, unknown>, header?: Partial<JWTHeaderParameters>): Promise<string>
  /** A new key; the former stays published when `keep`. Returns a signer with the former key. */
  rotate(keep: boolean): Promise<void>
  /** What the paths answer instead. */
  answers: Map<string, { status: number; body?: unknown; location?: string }>
  stop(): Promise<void>
}
type Key = { privateKey: CryptoKey; publicJwk: JWK }

/** An issuer that says and signs whatever a test wants: discovery, keys and tokens on loopback. */
export async function startTestIssuer(): Promise<TestIssuer> {
  let keys: Key[] = [await newKey('k1')]
  let made = 1
  let reads = 0
  const answers: TestIssuer['answers'] = new Map()
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    if (path === '/jwks') reads += 1
    const own = answers.get(path)
    const documents: Record<string, unknown> = {
      '/.well-known/openid-configuration': {
        issuer,
        jwks_uri: `${issuer}/jwks`,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        end_session_endpoint: `${issuer}/logout`,
      },
      '/jwks': { keys: keys.map((k) => k.publicJwk) },
    }
    const location = own?.location === undefined ? {} : { location: own.location }
    response.writeHead(own?.status ?? (path in documents ? 200 : 404), {
      'content-type': 'application/json',
      ...location,
    })
    response.end(JSON.stringify(own ? own.body : documents[path]))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const issuer = `http://127.0.0.1:${address.port}`
  const current = (): Key => {
    const [key] = keys
    if (!key) throw new Error('no key')
    return key
  }
  return {
    issuer,
    answers,
    reads: () => reads,
    publicJwk: () => current().publicJwk,
    sign: (claims, header) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: current().publicJwk.kid ?? '', ...header })
        .sign(current().privateKey),
    rotate: async (keep) => {
      made += 1
      keys = [await newKey(`k${made}`), ...(keep ? keys : [])]
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function newKey(kid: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  return { privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'RS256' } }
}
