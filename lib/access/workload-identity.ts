import type { JWTPayload } from 'jose'
import type { ClaimedIdentity } from './issuer-claims.ts'
import type { WorkloadIssuer } from './issuer-config.ts'
import { refusedToken } from './token-text.ts'

/**
 * The service that a workload's token stands for: the first whose condition holds for its claims. A condition that cannot
 * be evaluated, because a claim is missing or of another type, does not hold.
 * @throws `unauthenticated` when none holds, with the reason of the one that could not be evaluated, if there is one
 */
export function workloadIdentity(issuer: WorkloadIssuer, claims: JWTPayload): ClaimedIdentity {
  const outcomes = issuer.services.map((service) => ({ service, outcome: service.condition.evaluate({ claims }) }))
  const found = outcomes.find(({ outcome }) => 'value' in outcome && outcome.value === true)
  if (!found) {
    const [unknown] = outcomes.flatMap(({ outcome }) => ('unknown' in outcome ? [outcome.unknown] : []))
    throw refusedToken(
      `no service of ${issuer.name} has a condition that holds for it${unknown === undefined ? '' : ` (${unknown})`}`,
    )
  }
  const { service, title, roles } = found.service
  return {
    issuer: issuer.issuer,
    // Subjects of these issuers have a form of their own (repo:…, project_path:…, system:serviceaccount:…).
    subject: `service:${service}`,
    name: title ?? service,
    kind: 'service',
    authTime: null,
    groups: undefined,
    roles,
  }
}
