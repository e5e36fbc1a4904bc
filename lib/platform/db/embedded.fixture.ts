import { startEmbeddedPostgres } from './embedded.ts'

/**
 * A program that starts PostgreSQL on the folder of its first argument, says so on standard output and lives until it
 * is ended. Its second argument, if any, is the user id it becomes first.
 */
const [dataFolder = '', uid] = process.argv.slice(2)
if (uid) {
  process.setgroups?.([])
  process.setgid?.(Number(uid))
  process.setuid?.(Number(uid))
}
const server = await startEmbeddedPostgres({ dataFolder, durable: false })
process.stdout.write(`${JSON.stringify({ url: server.url, adopted: server.adopted })}\n`)
process.stdin.resume()
process.stdin.on('end', () => void server.stop())
