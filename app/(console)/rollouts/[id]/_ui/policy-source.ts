import type { RolloutDetail } from '#lib/rollouts/views.ts'

// The policy's word; as a literal key a linter takes the object for a promise.
const thenWord = 'then'

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
      noData: { holdFor: `${on.noData.holdForSeconds}s`, [thenWord]: on.noData.reaction },
      candidateUnready: { after: `${on.candidateUnready.afterSeconds}s`, [thenWord]: on.candidateUnready.reaction },
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
      [thenWord]: reaction,
    })),
    limits: { cooldown: `${limits.cooldownSeconds}s`, autoRollbacksPerVersion: limits.autoRollbacksPerVersion },
  }
}
