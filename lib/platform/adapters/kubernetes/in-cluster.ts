import { readFileSync } from 'node:fs'
import path from 'node:path'
import { problem } from '../../errors.ts'
import type { ClusterAccess } from './access.ts'

/** Where Kubernetes mounts the service account of a pod. */
export const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount'

/**
 * The access of the pod that we run in, by its service account. The token is re-read as it is renewed.
 * https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ @throws a problem `invalid` outside of a pod.
 */
export function inClusterAccess(
  env: Readonly<Record<string, string | undefined>>,
  folder: string = serviceAccountFolder,
): ClusterAccess {
  const [host, port] = [env['KUBERNETES_SERVICE_HOST'], env['KUBERNETES_SERVICE_PORT']]
  if (!host || !port) {
    throw problem('invalid', 'This process does not run in a pod of Kubernetes: bind the cluster with a kubeconfig.')
  }
  const read = (name: string) => {
    try {
      return readFileSync(path.join(folder, name), 'utf8')
    } catch (cause) {
      const hint = 'let the pod mount its service account (automountServiceAccountToken: true)'
      throw problem('invalid', `The service account is not at ${folder}: ${hint}.`, {}, { cause })
    }
  }
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ca: read('ca.crt'),
    serverName: null,
    namespace: read('namespace').trim(),
    identity: { kind: 'token-file', path: path.join(folder, 'token') },
  }
}
