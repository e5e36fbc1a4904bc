/**
 * The MLflow adapter and the synchronisation against a real MLflow server, which is installed into a cache of the user.
 *
 *   npm run test:mlflow
 *
 * The last line says "N passed, N failed".
 */
import path from 'node:path'
import { runVitestSuite } from '../vitest-suite.ts'
import { mlflowPython } from './python.ts'
import { startMlflow } from './server.ts'

const python = await mlflowPython()
const server = await startMlflow({ python })
try {
  await runVitestSuite(path.join(import.meta.dirname, 'vitest.config.ts'), {
    QUARTERDECK_TEST_MLFLOW: server.url,
    QUARTERDECK_TEST_MLFLOW_PYTHON: python,
  })
} finally {
  await server.stop()
}
