import type { ApiDocument } from './document.ts'

type Schema = {
  $ref?: string
  type?: string | string[]
  format?: string
  enum?: unknown[]
  const?: unknown
  items?: Schema
  properties?: Record<string, Schema>
  additionalProperties?: Schema | boolean
  required?: string[]
  oneOf?: Schema[]
  anyOf?: Schema[]
  allOf?: Schema[]
  description?: string
  default?: unknown
  pattern?: string
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
}
type Content = Record<string, { schema?: Schema }>
type Operation = {
  operationId?: string
  summary?: string
  description?: string
  tags?: string[]
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema?: Schema }[]
  requestBody?: { content: Content }
  responses: Record<string, { description: string; content?: Content }>
  'x-quarterdeck-action'?: string
}
type Listed = { method: string; path: string; operation: Operation }

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const

export const docsStyle = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --ink2: #777; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 64rem; padding: 2rem 1.25rem 6rem; }
h1, h2, h3 { line-height: 1.25; } h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
code, pre { font: 13px/1.5 ui-monospace, monospace; } nav ul { columns: 2; padding-left: 1rem; }
section.operation { border: 1px solid var(--line); border-radius: 8px; margin: 1rem 0; padding: 0.25rem 1rem 1rem; }
.method { display: inline-block; min-width: 4rem; font-weight: 700; text-transform: uppercase; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; font-weight: 600; padding-top: 0.75rem; }
th, td { border-top: 1px solid var(--line); padding: 0.25rem 0.5rem 0.25rem 0; text-align: left; vertical-align: top; }
pre { background: var(--soft); border-radius: 6px; overflow-x: auto; padding: 0.75rem; } .soft { color: var(--ink2); }
`

/** The document as one HTML page: no script, nothing loaded from anywhere, every operation and every schema in it. */
export function docsPage(document: ApiDocument): string {
  const operations = operationsOf(document)
  const tags = [...new Set(operations.map((o) => o.operation.tags?.[0] ?? 'other'))]
  const schemas = Object.entries((document.components?.schemas ?? {}) as Record<string, Schema>)
  const server = (document.servers?.[0] as { url: string } | undefined)?.url ?? ''
  const groups = tags.map((tag) => {
    const inside = operations.filter((o) => (o.operation.tags?.[0] ?? 'other') === tag)
    return `<h2 id="tag-${esc(tag)}">${esc(tag)}</h2>${inside.map((o) => operationHtml(o, server)).join('')}`
  })
  const links = operations.map(
    ({ operation: o }) => `<li><a href="#${esc(o.operationId ?? '')}">${esc(o.summary ?? '')}</a></li>`,
  )
  const parts = schemas.map(
    ([name, schema]) => `<h3 id="schema-${esc(name)}">${esc(name)}</h3><pre>${schemaHtml(schema, 0)}</pre>`,
  )
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${esc(document.info.title)} API</title><style>${docsStyle}</style></head><body>
<header><h1>${esc(document.info.title)} API, version ${esc(document.info.version)}</h1>${prose(document.info.description ?? '')}
<p><a href="openapi.json">OpenAPI 3.1 document</a></p></header>
<nav aria-label="Operations"><ul>${links.join('')}</ul></nav>
<main>${groups.join('')}<h2 id="schemas">Schemas</h2>${parts.join('')}</main></body></html>
`
}

function operationsOf(document: ApiDocument): Listed[] {
  return Object.entries((document.paths ?? {}) as Record<string, Partial<Record<string, Operation>>>).flatMap(
    ([path, item]) =>
      methods.flatMap((method) => {
        const operation = item[method]
        return operation ? [{ method, path, operation }] : []
      }),
  )
}

function operationHtml({ method, path, operation: o }: Listed, server: string): string {
  const action = o['x-quarterdeck-action']
  const needs = action ? `<p class="soft">Needs a role that allows <code>${esc(action)}</code>.</p>` : ''
  const body = firstSchema(o.requestBody?.content)
  return `<section class="operation" id="${esc(o.operationId ?? '')}"><h3>${esc(o.summary ?? '')}</h3>
<p><span class="method">${esc(method)}</span> <code>${esc(server + path)}</code> <span class="soft">${esc(o.operationId ?? '')}</span></p>
${prose(o.description ?? '')}${needs}${parametersHtml(o.parameters ?? [])}
${body ? `<h4>Body</h4><pre>${schemaHtml(body, 0)}</pre>` : ''}${responsesHtml(o.responses)}</section>`
}

function parametersHtml(parameters: NonNullable<Operation['parameters']>): string {
  if (parameters.length === 0) return ''
  const rows = parameters.map(
    (p) =>
      `<tr><td><code>${esc(p.name)}</code>${p.required ? '' : ' <span class="soft">optional</span>'}</td><td>${esc(p.in)}</td>` +
      `<td><code>${p.schema ? schemaHtml(p.schema, 0) : ''}</code> ${esc(p.description ?? p.schema?.description ?? '')}</td></tr>`,
  )
  return `<table><caption>Parameters</caption><tbody>${rows.join('')}</tbody></table>`
}

function responsesHtml(responses: Operation['responses']): string {
  const rows = Object.entries(responses).map(([status, r]) => {
    const schema = firstSchema(r.content)
    const shape = schema && Number(status) < 300 ? `<pre>${schemaHtml(schema, 0)}</pre>` : ''
    return `<tr><td><code>${esc(status)}</code></td><td>${prose(r.description)}${shape}</td></tr>`
  })
  return `<table><caption>Answers</caption><tbody>${rows.join('')}</tbody></table>`
}

function firstSchema(content: Content | undefined): Schema | undefined {
  return Object.values(content ?? {})[0]?.schema
}

// The schema as it would be written down for a reader: fields, types and bounds. Ours are finite trees; names cut cycles.
function schemaHtml(schema: Schema, depth: number): string {
  const pad = '  '.repeat(depth + 1)
  if (schema.$ref) {
    const name = schema.$ref.split('/').at(-1) ?? ''
    return `<a href="#schema-${esc(name)}">${esc(name)}</a>`
  }
  const choices = schema.oneOf ?? schema.anyOf
  if (choices) return choices.map((s) => schemaHtml(s, depth)).join(' | ')
  if (schema.allOf) return schema.allOf.map((s) => schemaHtml(s, depth)).join(' &amp; ')
  if (schema.enum) return esc(schema.enum.map((v) => JSON.stringify(v)).join(' | '))
  if (schema.const !== undefined) return esc(JSON.stringify(schema.const))
  if (schema.items) return `[ ${schemaHtml(schema.items, depth)} ]${bounds(schema)}`
  if (schema.properties) {
    const lines = Object.entries(schema.properties).map(([name, inner]) => {
      const optional = schema.required?.includes(name) ? '' : '?'
      const note = inner.description ? `<span class="soft">  ${esc(inner.description)}</span>` : ''
      return `${pad}${esc(name)}${optional}: ${schemaHtml(inner, depth + 1)}${note}`
    })
    return `{\n${lines.join('\n')}\n${'  '.repeat(depth)}}`
  }
  if (typeof schema.additionalProperties === 'object')
    return `{ [name]: ${schemaHtml(schema.additionalProperties, depth)} }`
  const type = Array.isArray(schema.type) ? schema.type.join(' | ') : (schema.type ?? 'any')
  return `${esc(type)}${bounds(schema)}`
}

function bounds(s: Schema): string {
  const said = [
    s.format,
    s.pattern && `matches ${s.pattern}`,
    range(s.minimum, s.maximum, ''),
    range(s.minLength, s.maxLength, ' characters'),
    range(s.minItems, s.maxItems, ' items'),
    s.default === undefined ? undefined : `default ${JSON.stringify(s.default)}`,
  ].filter((part) => part !== undefined && part !== '')
  return said.length === 0 ? '' : ` <span class="soft">(${esc(said.join(', '))})</span>`
}

function range(min: number | undefined, max: number | undefined, unit: string): string | undefined {
  if (min === undefined && max === undefined) return undefined
  return `${min ?? ''}…${max ?? ''}${unit}`
}

function prose(text: string): string {
  const paragraphs = text.split('\n\n').filter((p) => p !== '')
  return paragraphs.map((p) => `<p>${esc(p).replaceAll(/`([^`]+)`/g, '<code>$1</code>')}</p>`).join('')
}

function esc(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
