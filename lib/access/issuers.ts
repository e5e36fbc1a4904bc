import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError, type Config } from '#lib/platform/config.ts'
import { processSingleton } from '#lib/platform/globals.ts'
import { policyFolder } from '#lib/platform/policy-files.ts'
import { parseIssuers, type Issuer, type OidcIssuer } from './issuer-config.ts'

const fileBytesMax = 262_144
const held = () => processSingleton('issuers', () => new WeakMap<Config, readonly Issuer[]>())

/** The identity providers of this installation; none before they were loaded, and where no file names any. */
export function issuersOf(system: { config: Config }): readonly Issuer[] {
  return held().get(system.config) ?? []
}

/** Those that people sign in with, in the order of the file. */
export function signInIssuers(system: { config: Config }): OidcIssuer[] {
  return issuersOf(system).filter((i): i is OidcIssuer => i.kind === 'oidc' && i.signIn !== undefined)
}

/** Uses these issuers for everything that runs with this configuration. */
export function useIssuers(config: Config, issuers: readonly Issuer[]): void {
  held().set(config, issuers)
}

/**
 * Reads the file of issuers once, at start: the one that QUARTERDECK_ISSUERS names, else policies/access/issuers.yaml
 * where that exists. @throws ConfigError with everything that is wrong with it
 */
export async function loadIssuers(config: Config): Promise<readonly Issuer[]> {
  const file = config.issuersFile ?? join(policyFolder('access'), 'issuers.yaml')
  const text = await textOf(file, config.issuersFile !== undefined)
  try {
    const issuers = text === undefined ? [] : parseIssuers(text, config.oidcSecrets)
    useIssuers(config, issuers)
    return issuers
  } catch (cause) {
    throw new ConfigError(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

async function textOf(file: string, required: boolean): Promise<string | undefined> {
  try {
    const text = await readFile(/* turbopackIgnore: true */ file, 'utf8')
    if (text.length > fileBytesMax)
      throw new ConfigError(`${file}: a file of issuers has at most ${fileBytesMax} bytes`)
    return text
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (absent && !required) return undefined
    if (absent) throw new ConfigError(`QUARTERDECK_ISSUERS names ${file}, which is not there`, { cause: error })
    throw error
  }
}
