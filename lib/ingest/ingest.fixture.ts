import { readConfig } from '#lib/platform/config.ts'
import { silentLog } from '#lib/platform/log.ts'
import { declareMetrics } from '#lib/platform/metrics.ts'
import { openSystem } from '#lib/system.ts'
import { startIngest } from './server.ts'

/**
 * A program that serves ingest on the database of its first argument, says where on standard output, and lives until it is
 * ended or its standard input closes.
 */
const [databaseUrl = '', secret = ''] = process.argv.slice(2)
const running = await openSystem({
  config: readConfig({ LOG_LEVEL: 'silent', DATABASE_POOL_MAX: '4' }),
  databaseUrl,
  secret,
  role: 'ingest',
  log: silentLog(),
  metrics: declareMetrics(),
  ports: () => {
    const none = () => {
      throw new Error('ingest has no ports')
    }
    return {
      traffic: none,
      cluster: none,
      registry: none,
      upstream: none,
      kms: none,
      checkpoints: none,
      notifier: none,
    }
  },
})
const ingest = await startIngest(running.system, { port: 0, host: '127.0.0.1' })
process.stdout.write(`${ingest.url}\n`)
const end = async () => {
  await ingest.stop()
  await running.close()
  process.exit(0)
}
process.once('SIGTERM', () => void end())
process.stdin.resume()
process.stdin.on('end', () => void end())
