import { codeText } from './code-text.ts'
import { findInLines, isCode, isTest, type Finding, type SourceFile } from './repository.ts'

type BannedCall = { readonly pattern: RegExp; readonly says: string; readonly allowed: readonly RegExp[] }

const outsideTheProduct = /^(scripts|bench|examples|tests)\//
const bannedCalls: readonly BannedCall[] = [
  {
    pattern: /\bDate\.now\s*\(|\bnew Date\s*\(\s*\)|\bnew Date\b(?!\s*\()|(?<!new )(?<![\w.$])Date\s*\(\s*\)/,
    says: 'reads the clock; take `now` as an argument (lib/platform/clock.ts reads it)',
    allowed: [/^lib\/platform\/clock\.ts$/, outsideTheProduct],
  },
  {
    pattern: /\bMath\.random\b/,
    says: 'draws from Math.random; take a source of randomness as an argument',
    allowed: [outsideTheProduct],
  },
  {
    // NODE_ENV and NEXT_RUNTIME are replaced by the bundler: facts of the build, not settings.
    pattern: /\bprocess\.env\b(?!\.(?:NODE_ENV|NEXT_RUNTIME)\b)/,
    says: 'reads the environment; lib/platform/config.ts does, once',
    // The agent is a process of its own, started with an environment of its own, and has its own configuration.
    // The embedded PostgreSQL needs a folder and a PATH before there is a configuration.
    allowed: [
      /^lib\/platform\/config\.ts$/,
      /^lib\/platform\/db\/postgres-(folders|process)\.ts$/,
      /^lib\/agent\/(main|config)\.ts$/,
      /^cli\//,
      /^[^/]+\.config\.[jt]s$/,
      outsideTheProduct,
    ],
  },
  {
    pattern: /\bconsole\.\w+/,
    says: 'writes to the console; log through lib/platform/log.ts',
    allowed: [/^cli\//, outsideTheProduct],
  },
]

/** Calls outside the one place that may make them. Tests may read the environment and the clock. */
export function callsOutOfPlace(file: SourceFile): readonly Finding[] {
  if (!isCode(file.path) || isTest(file.path)) return []
  const code = { path: file.path, text: codeText(file.text) }
  return bannedCalls
    .filter(({ allowed }) => !allowed.some((place) => place.test(file.path)))
    .flatMap(({ pattern, says }) => findInLines(code, (line) => (pattern.test(line) ? says : undefined)))
}
