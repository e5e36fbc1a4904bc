import { UpstreamError, type Upstream, type UpstreamSettings } from '#lib/platform/ports/upstream.ts'
import { digestArtifact } from './artifact.ts'
import { mlflowClient } from './client.ts'
import { listModels, listVersions, readVersion } from './lists.ts'
import { readOrigin } from './origin.ts'
import { mlflowRegistry } from './registry.ts'

/** An MLflow tracking server, 3.x, as an outside registry. What it does not say in its documentation was seen on 3.17.2. */
export function mlflowUpstream(settings: UpstreamSettings): Upstream {
  const client = mlflowClient(settings)
  return {
    probe: async () => {
      const version = (await client.text('/version')).trim()
      if (!/^\d+\.\d+\.\d+\S{0,20}$/.test(version)) {
        throw new UpstreamError('unsupported', 'this address does not answer as MLflow does: it has no /version')
      }
      if (Number(version.split('.')[0]) < 2) {
        throw new UpstreamError('unsupported', `MLflow ${version} has no aliases: 2.3 or later is needed`)
      }
      // The version is told to anybody: the first page of models says whether we are let in.
      for await (const _ of listModels(client)) break
      return { version }
    },
    listModels: () => listModels(client),
    listVersions: () => listVersions(client),
    readVersion: (name, version) => readVersion(client, name, version),
    readOrigin: (version) => readOrigin(client, version),
    digestArtifact: (version) => digestArtifact(client, version),
    registry: mlflowRegistry(client),
    close: () => client.close(),
  }
}
