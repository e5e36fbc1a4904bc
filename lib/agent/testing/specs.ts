import { fileURLToPath } from 'node:url'
import type { ServerSpec } from '#lib/platform/ports/cluster.ts'

const modelServerPath = fileURLToPath(new URL('./model-server.ts', import.meta.url))

/** The spec of a tiny model server (`model-server.ts`), with these additions to its environment. */
export function modelSpec(endpointId: string, versionId: string, env: Record<string, string> = {}): ServerSpec {
  return {
    endpointId,
    versionId,
    template: {
      command: [process.execPath, modelServerPath],
      env,
      port: 'auto',
      health: { path: '/health', timeoutMs: 2000, intervalMs: 100 },
      resources: {},
    },
    artifact: { uri: `file:///models/${versionId}`, digest: `sha256:${'a'.repeat(64)}` },
    fence: 1,
  }
}
