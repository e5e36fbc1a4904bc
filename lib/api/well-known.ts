import { publishedKeys } from '#lib/access/verify-token.ts'
import type { System } from '#lib/platform/context.ts'
import { checkHost } from '#lib/platform/request-origin.ts'
import { jsonAnswer } from './answer.ts'
import type { Api } from './scope.ts'

/**
 * What others need to verify tokens of our own issuer: its metadata (RFC 8414, at the path of OpenID Connect Discovery) and
 * its public keys (RFC 7517). Public: they name nobody.
 */
export function addWellKnown(app: Api, system: System): void {
  const { origin } = new URL(system.config.origin)
  const kept = { 'cache-control': 'public, max-age=60' }
  app.get('/api/.well-known/openid-configuration', (c) => {
    c.set('route', '/.well-known/openid-configuration')
    checkHost(system.config, c.req.header('host'), true)
    const metadata = {
      issuer: system.config.origin,
      jwks_uri: `${origin}/.well-known/jwks.json`,
      id_token_signing_alg_values_supported: ['ES256'],
      response_types_supported: [],
      subject_types_supported: ['public'],
    }
    return jsonAnswer(metadata, 200, kept)
  })
  app.get('/api/.well-known/jwks.json', async (c) => {
    c.set('route', '/.well-known/jwks.json')
    checkHost(system.config, c.req.header('host'), true)
    return jsonAnswer({ keys: await publishedKeys(system) }, 200, kept)
  })
}
