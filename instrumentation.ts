/** Next calls this once a process, before any page: tracing must be there before the database driver is loaded. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { readConfig } = await import('#lib/platform/config.ts')
  const { startTracing } = await import('#lib/platform/tracing.ts')
  await startTracing(readConfig(), 'web')
}
