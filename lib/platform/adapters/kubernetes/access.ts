/** How one cluster is reached. What is a path is read when it is needed, so that a renewed file counts at once. */
export type ClusterAccess = {
  /** Origin of the API server, for example `https://10.0.0.1:6443`, without a trailing slash. */
  server: string
  /** PEM of the authorities that may have signed the server's certificate; null trusts those of the system. */
  ca: string | null
  /** The name that the server's certificate must carry where it is not that of the address. */
  serverName: string | null
  /** The namespace of the context; null when it names none. */
  namespace: string | null
  identity: ClusterIdentity
}

export type ClusterIdentity =
  | { kind: 'none' }
  | { kind: 'token'; token: string }
  /** A file that somebody else renews: the token of a service account lives for about an hour. */
  | { kind: 'token-file'; path: string }
  | { kind: 'certificate'; cert: string; key: string }
  | { kind: 'exec'; plugin: ExecPlugin }

/** A program that prints an ExecCredential. https://kubernetes.io/docs/reference/config-api/client-authentication.v1/ */
export type ExecPlugin = {
  apiVersion: string
  command: string
  args: string[]
  env: Record<string, string>
  /** Told to the plugin in KUBERNETES_EXEC_INFO where it asked for it; null where it did not. */
  cluster: Record<string, unknown> | null
}
