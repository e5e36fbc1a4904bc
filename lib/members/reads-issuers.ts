import { authorizeRead } from '#lib/access/authorize.ts'
import type { Issuer } from '#lib/access/issuer-config.ts'
import { issuersOf } from '#lib/access/issuers.ts'
import type { Ctx } from '#lib/platform/context.ts'

export type IssuerView = {
  name: string
  title: string
  issuer: string
  /** What its tokens and sign-ins are taken for. */
  uses: string[]
  algorithms: readonly string[]
  audience: readonly string[]
  /** How many values or conditions give roles. */
  rules: number
}

/** The identity providers of the installation as they were read at start, without any secret. */
export async function listIssuers(ctx: Ctx): Promise<IssuerView[]> {
  await authorizeRead(ctx, 'service-account:read')
  return issuersOf(ctx).map(viewOf)
}

function viewOf(issuer: Issuer): IssuerView {
  const { name, algorithms } = issuer
  const shared = { name, issuer: issuer.issuer, algorithms }
  if (issuer.kind === 'workload') {
    const { audience, services } = issuer
    return { ...shared, title: name, uses: ['workloads'], audience, rules: services.length }
  }
  const uses = [...(issuer.signIn ? ['console'] : []), ...(issuer.api ? ['API'] : [])]
  return {
    ...shared,
    title: issuer.title ?? name,
    uses,
    audience: issuer.api?.audience ?? [],
    rules: issuer.roles.length,
  }
}
