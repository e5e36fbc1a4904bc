import { findPublicByDigest, findPublicDecision, readTrust } from '#lib/attestations/reads-public.ts'
import type { System } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { isId } from '#lib/platform/ids.ts'
import { checkHost } from '#lib/platform/request-origin.ts'
import { jsonAnswer } from './answer.ts'
import type { Api } from './scope.ts'

const prefix = '/api/verify'

/**
 * What anybody may ask without a token: the keys of this installation, and whether it knows an attestation. A decision is
 * shown whole, as it names nobody; of votes and evidence only that they are here, since their content names people.
 */
export function addPublicProofs(app: Api, system: System, admit: (who: string) => void): void {
  const on = (path: string, answer: (value: string) => Promise<unknown>) =>
    app.get(`${prefix}${path}`, async (c) => {
      c.set('route', `${prefix}${path}`)
      checkHost(system.config, c.req.header('host'))
      admit('public')
      const found = await answer(c.req.param('value') ?? '')
      if (found === undefined) throw problem('not-found', 'This installation knows no such attestation.')
      return jsonAnswer(found, 200)
    })
  on('/trust.json', () => readTrust(system))
  on('/approvals/:value', async (id) => (isId('approval', id) ? findPublicDecision(system, id) : undefined))
  on('/attestations/:value', async (digest) =>
    /^sha256:[0-9a-f]{64}$/.test(digest) ? findPublicByDigest(system, digest) : undefined,
  )
}
