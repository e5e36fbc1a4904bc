export type ApiCall = {
  /** Scheme, host and port under which the API answers. */
  origin: string
  workspace: string
  method: 'GET' | 'POST' | 'DELETE'
  /** Below /api/v1. */
  path: string
  body?: unknown
}

/** The call as a command for a POSIX shell; the token is made by `quarterdeck token` when it runs. */
export function curlOf({ origin, workspace, method, path, body }: ApiCall): string {
  const lines = [
    `curl${method === 'GET' ? '' : ` -X ${method}`} ${quoted(`${origin}/api/v1${path}`)}`,
    '-H "authorization: Bearer $(quarterdeck token)"',
    `-H ${quoted(`quarterdeck-workspace: ${workspace}`)}`,
  ]
  if (body !== undefined) {
    lines.push(`-H ${quoted('content-type: application/json')}`, `-d ${quoted(JSON.stringify(body))}`)
  }
  return lines.join(' \\\n  ')
}

/** Single quotes keep everything but themselves. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
