/** What the gate tells, whatever the format. */
export type GateVerdict = {
  outcome: 'approved' | 'refused' | 'unknown'
  reasons: readonly string[]
  subject: string
  approvalUrl: string | null
}

/** The verdict as text, SARIF 2.1.0 (OASIS) or JUnit XML (the schema that Jenkins and GitLab read). */
export function gateOutput(format: 'text' | 'sarif' | 'junit', verdict: GateVerdict): string {
  if (format === 'sarif') return `${JSON.stringify(sarifOf(verdict), null, 2)}\n`
  return format === 'junit' ? junitOf(verdict) : textOf(verdict)
}

function textOf({ outcome, reasons, subject, approvalUrl }: GateVerdict): string {
  const lines = [`${outcome}: ${subject}`, ...reasons.map((r) => `  ${r}`)]
  return `${[...lines, ...(approvalUrl === null ? [] : [`  ${approvalUrl}`])].join('\n')}\n`
}

const rules = {
  refused: { id: 'QD001', name: 'NotApproved', text: 'A model version serves only where it is approved.' },
  unknown: { id: 'QD002', name: 'CannotTell', text: 'Whether the version is approved could not be found out.' },
} as const

/** Approved: no results. Each reason against it is one; what could not be found out is an error too. */
function sarifOf({ outcome, reasons, subject, approvalUrl }: GateVerdict) {
  const index = outcome === 'unknown' ? 1 : 0
  const rule = Object.values(rules)[index] ?? rules.refused
  const results = outcome === 'approved' ? [] : reasons.map((text) => resultOf(text, rule.id, index, subject))
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'quarterdeck gate',
            informationUri: 'https://quarterdeck.dev',
            rules: Object.values(rules).map(({ id, name, text }) => ({ id, name, shortDescription: { text } })),
          },
        },
        invocations: [{ executionSuccessful: outcome !== 'unknown' }],
        results,
        properties: { outcome, subject, ...(approvalUrl === null ? {} : { approvalUrl }) },
      },
    ],
  }
}

function resultOf(text: string, ruleId: string, ruleIndex: number, subject: string) {
  const logical = { fullyQualifiedName: subject, kind: 'resource' }
  // Code scanning shows only what has a file: a place that is always there.
  const physicalLocation = { artifactLocation: { uri: 'README.md' }, region: { startLine: 1 } }
  return {
    ruleId,
    ruleIndex,
    level: 'error',
    message: { text: `${subject}: ${text}` },
    locations: [{ physicalLocation, logicalLocations: [logical] }],
  }
}

function junitOf({ outcome, reasons, subject }: GateVerdict): string {
  const told = escaped(reasons.join('\n'))
  const body = { approved: '', refused: failure('failure', told), unknown: failure('error', told) }[outcome]
  const [failures, errors] = [outcome === 'refused' ? 1 : 0, outcome === 'unknown' ? 1 : 0]
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="1" failures="${failures}" errors="${errors}">
  <testsuite name="quarterdeck gate" tests="1" failures="${failures}" errors="${errors}" skipped="0">
    <testcase classname="quarterdeck.gate" name="${escaped(subject)}">${body}</testcase>
  </testsuite>
</testsuites>
`
}

function failure(element: 'failure' | 'error', text: string): string {
  return `<${element} message="${text.replaceAll('\n', ' ')}">${text}</${element}>`
}

function escaped(text: string): string {
  // oxlint-disable-next-line no-control-regex -- XML 1.0 has no control characters but these three
  const allowed = text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '')
  return allowed.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
