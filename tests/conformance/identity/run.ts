/**
 * Sign-in and tokens against real identity providers: a Keycloak (from Maven Central, with Java 17) and oidc-provider, each
 * with the whole product as a user starts it and a real Chromium.
 *
 *   node tests/conformance/identity/run.ts
 *
 * The last line says "N passed, N failed".
 */
import { chromium } from '@playwright/test'
import { chromiumPath } from '../../../scripts/chromium.ts'
import { freePorts } from '../start/installation.ts'
import { checkKeycloakApi, checkLightApi, checkOwnIssuer, jwksSeconds } from './check-api.ts'
import { checkBrowser, checkLightBrowser } from './check-browser.ts'
import { keycloakIssuer, startKeycloak } from './keycloak.ts'
import { lightSecret, startLightProvider } from './light-provider.ts'
import { startProduct } from './product.ts'
import { clientSecret, realmDocument } from './realm.ts'
import { summary } from './record.ts'

const ports = await freePorts()
const others = await freePorts()
const origin = `http://localhost:${ports.web}`
const stops: (() => Promise<void>)[] = []

try {
  const light = await startLightProvider(others.ingest, origin)
  stops.push(light.stop)
  // Both at once: the product asks an issuer when somebody comes with it, not when it starts.
  const secrets = { QUARTERDECK_OIDC_SECRET_KEYCLOAK: clientSecret, QUARTERDECK_OIDC_SECRET_LIGHT: lightSecret }
  const starts = [
    startKeycloak(others.web, realmDocument(origin)),
    startProduct(ports, issuersFile(keycloakIssuer(others.web), light.issuer), secrets),
  ] as const
  // What has started is ended too when the other has failed.
  for (const started of await Promise.allSettled(starts))
    if (started.status === 'fulfilled') stops.push(started.value.stop)
  const [keycloak, product] = await Promise.all(starts)
  const browser = await chromium.launch({ executablePath: await chromiumPath(), args: ['--no-sandbox'] })
  stops.push(() => browser.close())
  await checkBrowser({ browser, product, keycloak })
  await checkLightBrowser({ browser, product })
  await checkKeycloakApi(product, keycloak)
  await checkLightApi(product, light)
  await checkOwnIssuer(product)
} finally {
  for (const stop of stops.reverse()) await stop()
}
process.exitCode = summary()

function issuersFile(keycloak: string, light: string): string {
  return `apiVersion: quarterdeck/v1
kind: Issuers
issuers:
  - name: keycloak
    title: Company Keycloak
    issuer: ${keycloak}
    algorithms: [RS256]
    jwksMaxAgeSeconds: ${jwksSeconds}
    signIn:
      clientId: quarterdeck
      clientSecret: { env: QUARTERDECK_OIDC_SECRET_KEYCLOAK }
    api: { audience: [quarterdeck-api], typ: [JWT] }
    claims: { roles: [roles], groups: [groups] }
    roles:
      - { value: ml-developer, workspace: default, role: developer }
      - { value: ml-admin, workspace: default, role: admin }
      - { value: ml-admin, workspace: quarterdeck, role: admin }
  - name: light
    title: Light provider
    issuer: ${light}
    algorithms: [ES256]
    jwksMaxAgeSeconds: ${jwksSeconds}
    signIn:
      clientId: quarterdeck
      clientSecret: { env: QUARTERDECK_OIDC_SECRET_LIGHT }
      scopes: [openid, profile]
    api: { audience: [quarterdeck-api] }
    claims: { roles: [roles] }
    roles:
      - { value: light-developer, workspace: default, role: developer }
      - { value: light-admin, workspace: default, role: admin }
`
}
