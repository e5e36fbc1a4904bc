import type { Config } from './config.ts'

/**
 * Sends traces by OTLP when OTEL_EXPORTER_OTLP_ENDPOINT is set; otherwise loads nothing. It must run before anything imports
 * `pg`, or queries have no spans. How many traces are kept is OpenTelemetry's own OTEL_TRACES_SAMPLER.
 * @returns how to send what is left and stop
 */
export async function startTracing(config: Pick<Config, 'otlpEndpoint'>, role: string): Promise<() => Promise<void>> {
  if (!config.otlpEndpoint) return () => Promise.resolve()
  const [{ NodeSDK }, { OTLPTraceExporter }, { PgInstrumentation }] = await Promise.all([
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/instrumentation-pg'),
  ])
  const sdk = new NodeSDK({
    serviceName: `quarterdeck-${role}`,
    traceExporter: new OTLPTraceExporter({ url: new URL('/v1/traces', config.otlpEndpoint).href }),
    instrumentations: [new PgInstrumentation({ enhancedDatabaseReporting: false })],
  })
  sdk.start()
  return () => sdk.shutdown()
}
