import type { RolloutDetail } from '#lib/rollouts/views.ts'

/**
 * The policy as a file would say it: what a person starts from when they ask what another policy would have decided. The
 * parser takes it back to the same policy.
 */
export function policySource(policy: RolloutDetail['policy']): Record<string, unknown> {
  const { on, limits, analysis } = policy
  return {
    apiVersion: policy.apiVersion,
    kind: policy.kind,
    name: policy.name,
    strategy: policy.strategy,
    steps: policy.steps.map(({ weight, judge }) => ({
      weight,
      ...(judge && {
        judge: {
          atLeast: `${judge.atLeastSeconds}s`,
          atMost: `${judge.atMostSeconds}s`,
          minRequests: judge.minRequests,
        },
      }),
    })),
    analysis: {
      alpha: analysis.alpha,
      warmupSeconds: analysis.warmupSeconds,
      metrics: analysis.metrics.map(({ quantile, rule, ...metric }) => ({
        ...metric,
        ...(quantile === null ? {} : { quantile }),
        ...('notWorseThan' in rule ? { notWorseThan: { stable: rule.notWorseThan } } : rule),
      })),
    },
    on: {
      fail: on.fail,
      inconclusive: on.inconclusive,
      // oxlint-disable-next-line unicorn/no-thenable -- "then" is the policy's word; the object is never awaited.
      noData: { holdFor: `${on.noData.holdForSeconds}s`, then: on.noData.reaction },
      // oxlint-disable-next-line unicorn/no-thenable -- "then" is the policy's word; the object is never awaited.
      candidateUnready: { after: `${on.candidateUnready.afterSeconds}s`, then: on.candidateUnready.reaction },
      approvalRevoked: on.approvalRevoked,
      approvalExpired: on.approvalExpired,
    },
    after: policy.after.map(({ windowSeconds, windowsInARow, reaction, normal, breach, quantile, ...item }) => ({
      ...item,
      ...(quantile === null ? {} : { quantile }),
      window: `${windowSeconds}s`,
      normal: `${normal.op} ${normal.value}`,
      breach: `${breach.op} ${breach.value}`,
      for: windowsInARow,
      // oxlint-disable-next-line unicorn/no-thenable -- "then" is the policy's word; the object is never awaited.
      then: reaction,
    })),
    limits: { cooldown: `${limits.cooldownSeconds}s`, autoRollbacksPerVersion: limits.autoRollbacksPerVersion },
  }
}
