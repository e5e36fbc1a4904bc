import { createHash } from 'node:crypto'

/** Of an endpoint's traffic object. Ids have characters that names may not have; the digest keeps different ids apart. */
export function trafficName(endpointId: string): string {
  return objectName(endpointId, [endpointId])
}

/** Of the Service (and all that stands behind it) of one version at one endpoint; a label value too. */
export function serverName(endpointId: string, versionId: string): string {
  return objectName(versionId, [endpointId, versionId])
}

// A Service is named by a DNS label: 63 characters of a-z, 0-9 and -. https://www.rfc-editor.org/rfc/rfc1035
const readableMax = 46

function objectName(readable: string, parts: readonly string[]): string {
  const slug = readable
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, readableMax)
    .replaceAll(/^-+|-+$/g, '')
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 10)
  return ['qd', slug, digest].filter((part) => part !== '').join('-')
}
