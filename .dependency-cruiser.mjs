// The import law of docs/architecture.md, as errors. The rules of the domains are generated from one table, so that a new domain
// is one line. Needs @swc/core beside it: with TypeScript 7 alone dependency-cruiser sees no modules and reports nothing.

/** Which domains each domain may use; everything to the left of it in the chain of docs/architecture.md. */
const layers = [
  ['members', 'telemetry', 'runbooks'],
  ['attestations'],
  ['models'],
  ['registries', 'forges'],
  ['approvals'],
  ['notifications'],
  ['endpoints'],
  ['costs', 'drift', 'quality', 'slos'],
  ['rollouts'],
  ['pipelines'],
  ['incidents'],
  ['packs'],
  ['demo'],
]
export const domains = layers.flat()
const anyDomain = `^lib/(${domains.join('|')})/`
const test = '(\\.test\\.tsx?|\\.contract\\.ts|\\.fixtures?\\.ts|/test-db\\.ts)$|/testing/'
const shipped = '^(app|cli|lib|scripts/(run|install|install-lock|launch|tether)\\.js)'

/** A rule by its name: what may not import what. */
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

/** A domain sees what is below it in the chain, never what is beside or above it; the last one sees them all. */
const domainRules = layers.slice(0, -1).flatMap((layer, depth) =>
  layer.map((domain) => {
    const below = [domain, ...layers.slice(0, depth).flat()]
    const others = domains.filter((each) => !below.includes(each))
    return forbid(
      `domain-${domain}`,
      `${domain} may use ${below.slice(1).join(', ') || 'no other domain'}; the one that is above hears it through the event feed.`,
      { path: `^lib/${domain}/`, pathNot: test },
      { path: `^lib/(${others.join('|')})/` },
    )
  }),
)

/** What of a domain belongs to that domain alone. */
const internals = '/(queries|reconcile|policy|decide)[^/]*\\.ts$'
const internalRules = domains.map((domain) =>
  forbid(
    `internals-of-${domain}`,
    'Of another domain one uses its model, its reads, its verbs and its pure subject matter.',
    { path: '^(lib|app|cli)/', pathNot: [`^lib/${domain}/`, '^lib/(system|worker|ingest)(/|\\.ts)', test] },
    { path: `^lib/${domain}${internals}` },
  ),
)

const rules = [
  ...domainRules,
  ...internalRules,
  forbid(
    'platform-is-lowest',
    'The platform knows nothing of what stands on it.',
    { path: '^lib/platform/', pathNot: test },
    { path: '^(app|cli|lib/(?!platform/))' },
  ),
  forbid(
    'access-and-audit-stand-on-platform',
    'They are below the door and the domains.',
    { path: '^lib/(access|audit)/', pathNot: test },
    { path: '^(app|cli|lib/(?!platform/|access/|audit/))' },
  ),
  forbid(
    'access-and-audit-know-not-each-other',
    'Permission and proof are joined by the door alone.',
    { path: '^lib/access/', pathNot: test },
    { path: '^lib/audit/' },
  ),
  forbid(
    'door-below-domains',
    'The one door knows no domain: what it loads is handed to it.',
    { path: '^lib/mutate[^/]*\\.ts$', pathNot: test },
    { path: `^(app|cli)/|${anyDomain}|^lib/(api|ingest|worker|agent|system)(/|\\.ts)` },
  ),
  forbid(
    'domains-below-transports',
    'A domain knows nothing of who calls it.',
    { path: anyDomain, pathNot: test },
    { path: '^(app|cli|lib/(api|ingest|worker|agent)/|lib/system(/|\\.ts))' },
  ),
  forbid(
    'transports-apart',
    'Transports and processes do not call each other; what they share is a domain.',
    { path: '^lib/(api|ingest|worker)/', pathNot: test },
    { path: '^(app|cli)/|^lib/agent/' },
  ),
  forbid(
    'no-database-in-transports',
    'Pages and routes call verbs and reads.',
    { path: '^(app|lib/api)/', pathNot: test },
    { path: '^lib/platform/db/|/queries[^/]*\\.ts$|(^|/)node_modules/(pg|kysely|pg-boss)/' },
  ),
  forbid(
    'only-system-composes-adapters',
    'Everything else sees port types.',
    {
      path: '.',
      pathNot: ['^lib/system(/|\\.ts)', '^lib/platform/adapters/', '^(tests|bench|examples|scripts)/', test],
    },
    { path: '^lib/platform/adapters/' },
  ),
  forbid(
    'adapters-see-ports',
    'An adapter translates one port; of the platform it uses only what has no state: errors, http, ids, clock, log.',
    { path: '^lib/platform/adapters/', pathNot: test },
    { path: '^(app|cli)/|^lib/(?!platform/)|^lib/platform/(db/|config|lease|metrics|tracing|secrets)' },
  ),
  forbid(
    'adapters-apart',
    'One adapter does not lean on another.',
    { path: '^lib/platform/adapters/([^/]+)/', pathNot: test },
    { path: '^lib/platform/adapters/([^/]+)/', pathNot: '^lib/platform/adapters/$1/' },
  ),
  forbid(
    'agent-stands-beside',
    'The agent runs where the product does not: it uses the platform and its own files.',
    { path: '^lib/agent/', pathNot: test },
    { path: '^(app|cli)/|^lib/(?!agent/|platform/)|^lib/platform/(adapters|db)/' },
  ),
  forbid(
    'agent-is-not-imported',
    'It is another process; one talks to it through its adapter.',
    { path: '^(app|lib)/', pathNot: ['^lib/agent/', '^lib/system(/|\\.ts)', test] },
    { path: '^lib/agent/' },
  ),
  forbid(
    'no-framework-in-lib',
    'The worker and the command line run lib without Next.js and React.',
    { path: '^lib/', pathNot: test },
    { path: '(^|/)node_modules/(next|react|react-dom|server-only)/|^(next|react|react-dom|server-only)(/|$)' },
  ),
  forbid(
    'tests-are-not-imported',
    'Shipped code does not lean on tests, benchmarks, examples or scripts.',
    { path: shipped, pathNot: [test, '\\.config\\.'] },
    { path: `^(tests|bench|examples|scripts/[^/]+\\.ts)|${test}` },
  ),
  forbid(
    'no-development-packages',
    'What ships is installed without development packages.',
    { path: shipped, pathNot: test },
    { dependencyTypes: ['npm-dev'] },
  ),
  forbid(
    'resolvable',
    'An import of something that is not there, or that package.json does not name.',
    {},
    {
      couldNotResolve: true,
    },
  ),
  forbid(
    'declared',
    'A package is named in package.json before it is used.',
    {},
    {
      dependencyTypes: ['npm-no-pkg', 'npm-unknown'],
    },
  ),
  forbid(
    'no-orphans',
    'A module that nobody uses and that uses nobody is dead, or its user is.',
    {
      orphan: true,
      pathNot: ['(^|/)\\.[^/]+\\.mjs$', '\\.d\\.ts$', '\\.config\\.[mc]?[jt]s$', '^scripts/tether\\.js$'],
    },
    {},
  ),
  forbid('no-cycles', 'Two files that import each other are one file in two places.', {}, { circular: true }),
]

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: rules,
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(\\.next|var|test-results|playwright-report)/|^next-env\\.d\\.ts$' },
    moduleSystems: ['es6', 'cjs'],
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.json'],
    },
  },
}
