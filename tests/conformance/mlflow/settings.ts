import type { UpstreamSettings } from '#lib/platform/ports/upstream.ts'

/** The server that run.ts has started, and the Python to start more. */
export const mainUrl = required('QUARTERDECK_TEST_MLFLOW')
export const python = required('QUARTERDECK_TEST_MLFLOW_PYTHON')

export function settingsOf(url: string, more: Partial<UpstreamSettings> = {}): UpstreamSettings {
  return { kind: 'mlflow', url, auth: { kind: 'none' }, ca: null, workspace: null, ...more }
}

function required(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set: run tests/conformance/mlflow/run.ts`)
  return value
}
