// The content security policy needs a nonce of its own for each request, so it is set in proxy.ts; what is the same
// for every answer is set here.
const securityHeaders = [
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'Referrer-Policy', value: 'strict-origin-when-cross-origin' },
  { key: 'X-Frame-Options', value: 'DENY' },
  { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
  { key: 'Permissions-Policy', value: 'camera=(), geolocation=(), microphone=(), payment=(), usb=()' },
]

/** @type {import('next').NextConfig} */
const config = {
  poweredByHeader: false,
  devIndicators: false,
  reactStrictMode: true,
  // Types are checked by `npm run check`, over everything. A start on a machine without the development packages could
  // not check the tests that stand in the same tree.
  typescript: { ignoreBuildErrors: true },
  // Native modules, and libraries whose instances are shared with what instruments them, are required at run time.
  serverExternalPackages: [
    '@duckdb/node-api',
    '@opentelemetry/api',
    '@opentelemetry/exporter-trace-otlp-http',
    '@opentelemetry/instrumentation-pg',
    '@opentelemetry/sdk-node',
    'casbin',
    'pg',
    'pg-boss',
    'pino',
    'prom-client',
    'undici',
  ],
  // The addresses that probes, scrapers and log monitors expect, answered by the one HTTP API below /api.
  rewrites: async () => [
    { source: '/healthz', destination: '/api/healthz' },
    { source: '/readyz', destination: '/api/readyz' },
    { source: '/metrics', destination: '/api/metrics' },
    { source: '/.well-known/openid-configuration', destination: '/api/.well-known/openid-configuration' },
    { source: '/.well-known/jwks.json', destination: '/api/.well-known/jwks.json' },
    { source: '/audit/log/:path*', destination: '/api/audit/log/:path*' },
  ],
  headers: async () => [{ source: '/:path*', headers: securityHeaders }],
}

export default config
