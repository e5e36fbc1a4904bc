/** One import, of a file by its path in the repository: `to` is a package or `#` and a path. */
export type Import = { readonly from: string; readonly to: string }

type Violation = { readonly rule: string; readonly imports: readonly Import[] }

/** What each domain may not use, written out by hand from docs/architecture.md: the table must not prove itself. */
const forbiddenDomains: Readonly<Record<string, readonly string[]>> = {
  members: ['telemetry', 'runbooks', 'models', 'incidents'],
  telemetry: ['members', 'runbooks', 'models', 'drift'],
  runbooks: ['members', 'telemetry', 'models', 'incidents'],
  attestations: ['models', 'approvals', 'rollouts'],
  models: ['approvals', 'endpoints', 'rollouts'],
  registries: ['forges', 'approvals', 'notifications', 'rollouts'],
  forges: ['registries', 'approvals', 'notifications', 'rollouts'],
  approvals: ['notifications', 'endpoints', 'drift', 'rollouts'],
  notifications: ['endpoints', 'rollouts', 'incidents'],
  endpoints: ['costs', 'drift', 'quality', 'slos', 'rollouts'],
  costs: ['drift', 'quality', 'slos', 'rollouts'],
  drift: ['costs', 'quality', 'slos', 'rollouts'],
  quality: ['costs', 'drift', 'slos', 'rollouts'],
  slos: ['costs', 'drift', 'quality', 'rollouts'],
  rollouts: ['pipelines', 'incidents'],
  pipelines: ['incidents'],
  incidents: ['packs', 'demo'],
  packs: ['demo'],
}

const single: readonly (readonly [rule: string, from: string, to: string])[] = [
  ['platform-is-lowest', 'lib/platform/a.ts', '#lib/audit/append.ts'],
  ['platform-is-lowest', 'lib/platform/b.ts', '#lib/mutate.ts'],
  ['access-and-audit-stand-on-platform', 'lib/access/a.ts', '#lib/models/model.ts'],
  ['access-and-audit-stand-on-platform', 'lib/audit/a.ts', '#lib/mutate.ts'],
  ['access-and-audit-know-not-each-other', 'lib/access/b.ts', '#lib/audit/append.ts'],
  ['door-below-domains', 'lib/mutate.ts', '#lib/models/model.ts'],
  ['domains-below-transports', 'lib/models/a.ts', '#lib/api/models.ts'],
  ['domains-below-transports', 'lib/models/b.ts', '#lib/system.ts'],
  ['domains-below-transports', 'lib/models/c.ts', '#app/_ui/table.ts'],
  ['transports-apart', 'lib/api/a.ts', '#app/_ui/table.ts'],
  ['transports-apart', 'lib/worker/a.ts', '#lib/agent/gateway.ts'],
  ['no-database-in-transports', 'app/page.tsx', '#lib/platform/db/schema.ts'],
  ['no-database-in-transports', 'lib/api/b.ts', '#lib/models/queries.ts'],
  ['no-database-in-transports', 'lib/api/c.ts', 'kysely'],
  ['only-system-composes-adapters', 'lib/models/d.ts', '#lib/platform/adapters/mlflow/registry.ts'],
  ['only-system-composes-adapters', 'lib/worker/b.ts', '#lib/platform/adapters/memory/cluster.ts'],
  ['only-system-composes-adapters', 'cli/a.ts', '#lib/platform/adapters/memory/cluster.ts'],
  ['adapters-see-ports', 'lib/platform/adapters/oci/a.ts', '#lib/models/model.ts'],
  ['adapters-see-ports', 'lib/platform/adapters/oci/b.ts', '#lib/platform/db/schema.ts'],
  ['adapters-see-ports', 'lib/platform/adapters/oci/c.ts', '#lib/platform/config.ts'],
  ['adapters-apart', 'lib/platform/adapters/oci/d.ts', '#lib/platform/adapters/mlflow/registry.ts'],
  ['agent-stands-beside', 'lib/agent/a.ts', '#lib/models/model.ts'],
  ['agent-stands-beside', 'lib/agent/b.ts', '#lib/platform/db/schema.ts'],
  ['agent-is-not-imported', 'lib/models/e.ts', '#lib/agent/gateway.ts'],
  ['no-framework-in-lib', 'lib/models/f.ts', 'next/headers'],
  ['no-framework-in-lib', 'lib/platform/c.ts', 'react'],
  ['no-framework-in-lib', 'lib/api/d.ts', 'server-only'],
  ['tests-are-not-imported', 'lib/models/g.ts', '#tests/conformance/plan.ts'],
  ['tests-are-not-imported', 'lib/models/h.ts', '#lib/models/model.test.ts'],
  ['no-development-packages', 'lib/models/i.ts', 'vitest'],
  ['resolvable', 'lib/models/j.ts', '#lib/models/missing.ts'],
  ['declared', 'lib/models/k.ts', 'yaml'],
]

/** Every rule with imports that break it. */
export function violations(domains: readonly string[]): readonly Violation[] {
  return [
    ...single.map(([rule, from, to]) => ({ rule, imports: [{ from, to }] })),
    ...Object.entries(forbiddenDomains).flatMap(([domain, others]) =>
      others.map((other) => ({
        rule: `domain-${domain}`,
        imports: [{ from: `lib/${domain}/uses-${other}.ts`, to: `#lib/${other}/model.ts` }],
      })),
    ),
    ...domains.flatMap((domain) =>
      ['queries', 'reconcile', 'policy'].map((kind) => ({
        rule: `internals-of-${domain}`,
        imports: [{ from: `lib/api/${domain}-${kind}.ts`, to: `#lib/${domain}/${kind}.ts` }],
      })),
    ),
    {
      rule: 'internals-of-models',
      imports: [{ from: 'lib/rollouts/reads-directly.ts', to: '#lib/models/queries.ts' }],
    },
    {
      rule: 'no-cycles',
      imports: [
        { from: 'lib/models/one.ts', to: '#lib/models/two.ts' },
        { from: 'lib/models/two.ts', to: '#lib/models/one.ts' },
      ],
    },
    // A module that holds no import at all, and that nothing imports.
    { rule: 'no-orphans', imports: [{ from: 'lib/models/alone.ts', to: '' }] },
  ]
}

/** Imports that the architecture has, in every direction that it names. */
export const allowed: readonly Import[] = [
  { from: 'app/models/page.tsx', to: '#lib/models/reads.ts' },
  { from: 'app/models/actions.ts', to: '#lib/models/register-version.ts' },
  { from: 'app/models/page.tsx', to: 'react' },
  { from: 'cli/gate.ts', to: '#lib/system.ts' },
  { from: 'lib/api/models.ts', to: '#lib/models/reads.ts' },
  { from: 'lib/ingest/fold.ts', to: '#lib/drift/queries.ts' },
  { from: 'lib/worker/reconcilers.ts', to: '#lib/rollouts/reconcile.ts' },
  { from: 'lib/system.ts', to: '#lib/platform/adapters/mlflow/registry.ts' },
  { from: 'lib/models/register-version.ts', to: '#lib/mutate.ts' },
  { from: 'lib/models/register-version.ts', to: '#lib/models/queries.ts' },
  { from: 'lib/incidents/open-incident.ts', to: '#lib/rollouts/reads.ts' },
  { from: 'lib/rollouts/reconcile.ts', to: '#lib/endpoints/set-weights.ts' },
  { from: 'lib/rollouts/reconcile.ts', to: '#lib/platform/ports/cluster.ts' },
  { from: 'lib/approvals/vote.ts', to: '#lib/members/reads.ts' },
  { from: 'lib/mutate.ts', to: '#lib/access/authorise.ts' },
  { from: 'lib/mutate.ts', to: '#lib/audit/append.ts' },
  { from: 'lib/audit/append.ts', to: '#lib/platform/db/schema.ts' },
  { from: 'lib/models/queries.ts', to: 'kysely' },
  { from: 'lib/platform/adapters/mlflow/registry.ts', to: '#lib/platform/ports/registry.ts' },
  { from: 'lib/platform/adapters/mlflow/registry.ts', to: '#lib/platform/errors.ts' },
  { from: 'lib/agent/gateway.ts', to: '#lib/platform/http.ts' },
  { from: 'lib/models/model.test.ts', to: '#lib/platform/db/test-db.ts' },
  { from: 'lib/models/model.test.ts', to: 'vitest' },
  { from: 'tests/e2e/story.ts', to: '#lib/models/queries.ts' },
]
