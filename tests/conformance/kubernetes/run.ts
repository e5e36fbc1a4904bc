/**
 * The Kubernetes adapters against a real kube-apiserver and etcd, which are built once from the Go modules that go.mod and go.sum
 * pin, into a cache of the user. Needs Go and openssl; the first build takes minutes.
 *
 *   npm run test:kubernetes
 *
 * The last line says "N passed, N failed".
 */
import path from 'node:path'
import { runVitestSuite } from '../vitest-suite.ts'
import { buildPrograms } from './build-programs.ts'

// Before the tests, so that no time limit of theirs holds for it.
const { etcd, apiserver } = await buildPrograms()
await runVitestSuite(path.join(import.meta.dirname, 'vitest.config.ts'), {
  QUARTERDECK_TEST_ETCD: etcd,
  QUARTERDECK_TEST_APISERVER: apiserver,
})
