/** Every address of the console, so that no page spells one out. Ids are encoded; a query is added by `withQuery`. */
export const paths = {
  home: () => '/',
  inbox: () => '/inbox',
  signIn: () => '/sign-in',
  /** Leads on to an identity provider: an `<a>`, never a `<Link>`, which would fetch it ahead. */
  signInStart: () => '/sign-in/start',

  /** For anybody, without signing in. */
  verify: () => '/verify',

  approvals: () => '/approvals',
  approval: (id: string) => `/approvals/${encodeURIComponent(id)}`,
  approvalRecord: (id: string) => `/approvals/${encodeURIComponent(id)}/record`,

  models: () => '/models',
  importModels: () => '/models/import',
  model: (id: string) => `/models/${encodeURIComponent(id)}`,
  modelVersion: (modelId: string, versionId: string) =>
    `/models/${encodeURIComponent(modelId)}/versions/${encodeURIComponent(versionId)}`,
  card: (modelId: string, versionId: string) =>
    `/models/${encodeURIComponent(modelId)}/versions/${encodeURIComponent(versionId)}/card`,
  cardFile: (modelId: string, versionId: string) =>
    `/models/${encodeURIComponent(modelId)}/versions/${encodeURIComponent(versionId)}/card/raw`,
  endpoints: () => '/endpoints',
  endpoint: (id: string) => `/endpoints/${encodeURIComponent(id)}`,
  rollouts: () => '/rollouts',
  rollout: (id: string) => `/rollouts/${encodeURIComponent(id)}`,
  pipelines: () => '/pipelines',
  pipeline: (id: string) => `/pipelines/${encodeURIComponent(id)}`,

  drift: () => '/drift',
  driftMonitor: (id: string) => `/drift/${encodeURIComponent(id)}`,
  driftFeature: (monitorId: string, feature: string) =>
    `/drift/${encodeURIComponent(monitorId)}/features/${encodeURIComponent(feature)}`,
  quality: () => '/quality',
  qualityEndpoint: (endpointId: string) => `/quality/${encodeURIComponent(endpointId)}`,
  slos: () => '/slos',
  slo: (id: string) => `/slos/${encodeURIComponent(id)}`,
  costs: () => '/costs',

  /** A file: the evidence pack of a version, an approval, a rollout or an incident. */
  evidencePack: (id: string) => `/evidence-packs/${encodeURIComponent(id)}`,
  incidents: () => '/incidents',
  incident: (id: string) => `/incidents/${encodeURIComponent(id)}`,
  runbooks: () => '/runbooks',
  runbook: (id: string) => `/runbooks/${encodeURIComponent(id)}`,
  runbookRun: (runbookId: string, runId: string) =>
    `/runbooks/${encodeURIComponent(runbookId)}/runs/${encodeURIComponent(runId)}`,

  audit: () => '/audit',
  auditStatus: () => '/audit/status',
  auditEntry: (id: string) => `/audit/${encodeURIComponent(id)}`,
  access: () => '/access',
  policies: () => '/policies',
  policyWhatIf: () => '/policies/what-if',
  policy: (digest: string) => `/policies/${encodeURIComponent(digest)}`,
  settings: () => '/settings',
  notificationSettings: () => '/settings/notifications',

  liveStream: () => '/api/v1/events/stream',
  apiReference: () => '/api/v1/openapi.json',
} as const

export type Query = Readonly<Record<string, string | number | undefined | null>>

/** The address with these query parameters; empty ones are left out, so that a default never stands in the address. */
export function withQuery(href: string, query: Query): string {
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') params.set(key, String(value))
  }
  const text = params.toString()
  return text ? `${href}?${text}` : href
}
