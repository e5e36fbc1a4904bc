import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { documentOf, type ApiDocument } from '../document.ts'
import { apiRoutes } from '../app.ts'

type Node = Record<string, unknown>

/**
 * Checks answers against the document. Objects in it are open for callers, so that fields can be added; here they are closed,
 * so that an answer with a field that the document does not know is found.
 */
export function answerChecker(): (method: string, pattern: string, status: number, body: unknown) => string[] {
  const document = closed(structuredClone(documentOf(apiRoutes)) as unknown as Node) as unknown as ApiDocument
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
  ajv.addFormat('uri', (text) => URL.canParse(text))
  ajv.addSchema({ ...document, $id: 'api' }, 'api')
  const compiled = new Map<string, ValidateFunction>()
  return (method, pattern, status, body) => {
    const media = status < 400 ? 'application/json' : 'application/problem+json'
    const pointer = ['paths', pattern, method.toLowerCase(), 'responses', String(status), 'content', media, 'schema']
    const ref = `api#/${pointer.map((p) => encodeURIComponent(p.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`
    if (!at(document as unknown as Node, pointer))
      return [`the document has no ${media} answer ${status} of ${method} ${pattern}`]
    const validate = compiled.get(ref) ?? ajv.compile({ $ref: ref })
    compiled.set(ref, validate)
    return validate(body)
      ? []
      : (validate.errors ?? []).map((e) => `${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`)
  }
}

function at(node: Node, pointer: readonly string[]): unknown {
  return pointer.reduce<unknown>((n, key) => (n as Node | undefined)?.[key], node)
}

function closed(node: Node): Node {
  if (node['properties'] !== undefined && node['additionalProperties'] === undefined)
    node['additionalProperties'] = false
  for (const inner of Object.values(node)) if (typeof inner === 'object' && inner !== null) closed(inner as Node)
  return node
}
