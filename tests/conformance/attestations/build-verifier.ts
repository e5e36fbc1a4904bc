import { goProgram } from '../go-program.ts'

/** The path of slsa-verifier, built once at the version that go.mod and go.sum pin. */
export function buildVerifier(): Promise<string> {
  return goProgram({
    module: import.meta.dirname,
    files: ['go.mod', 'go.sum'],
    target: 'github.com/slsa-framework/slsa-verifier/v2/cli/slsa-verifier',
    name: 'slsa-verifier',
    buildSecondsMax: 900,
  })
}
