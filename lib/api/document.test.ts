import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { actions } from '#lib/access/actions.ts'
import { errorCodes } from '#lib/platform/errors.ts'
import { apiRoutes } from './app.ts'
import { docsPage } from './docs-page.ts'
import { documentOf } from './document.ts'
import { testApi, type TestApi } from './testing/api.ts'

type Operation = {
  operationId: string
  summary: string
  tags: string[]
  security: unknown[]
  parameters?: { name: string; in: string; required: boolean; schema: object }[]
  requestBody?: { required: boolean; content: Record<string, { schema: object }> }
  responses: Record<string, { description: string; content: Record<string, { schema: object }> }>
  'x-quarterdeck-action'?: string
}
const document = documentOf(apiRoutes)
const hooks = ['POST /hooks/registries/{registryId}', 'POST /hooks/forges/{forgeId}']
const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
  Object.entries(item as Record<string, Operation>).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path}`,
    method,
    path,
    operation,
  })),
)

let api: TestApi
beforeAll(async () => {
  api = await testApi()
})
afterAll(() => api.close())

describe('the OpenAPI document', () => {
  it('is the one that was reviewed (accept a change with vitest -u)', async () => {
    await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot('openapi.golden.json')
  })

  it('is OpenAPI 3.1 with one operation a route, and those that registries and forges call', () => {
    expect(document.openapi).toBe('3.1.0')
    expect(operations).toHaveLength(apiRoutes.length + hooks.length)
    expect(operations.filter((o) => o.operation.security.length === 0).map((o) => o.name)).toEqual(hooks)
    expect(new Set(operations.map((o) => o.operation.operationId)).size).toBe(operations.length)
    expect(document.components?.securitySchemes).toMatchObject({ bearer: { type: 'http', scheme: 'bearer' } })
  })

  it.each(operations)('says of $name what it needs, takes and answers', ({ name, method, path, operation: o }) => {
    const isHook = hooks.includes(name)
    expect(o.security).toEqual(isHook ? [] : [{ bearer: [] }])
    expect(o.operationId).toMatch(/^[a-z][A-Za-z]+$/)
    expect(o.summary).toMatch(/^[A-Z].*[^.]$/)
    expect(o.tags).toHaveLength(1)
    const action = o['x-quarterdeck-action']
    if (action !== undefined) expect(actions).toContain(action)
    const done = Object.keys(o.responses).filter((s) => s.startsWith('2'))
    expect(done).toHaveLength(1)
    const writes = method !== 'get'
    const ofWrites = isHook ? [413] : [400, 409, 413, 415, 422]
    const needed = [401, 403, 404, 429, 500, ...(writes ? ofWrites : [400])].map(String)
    expect(Object.keys(o.responses)).toEqual(expect.arrayContaining(needed))
    for (const [status, response] of Object.entries(o.responses)) {
      if (Number(status) < 300) continue
      expect(response.content['application/problem+json']?.schema).toEqual({ $ref: '#/components/schemas/Problem' })
    }
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    const declared = (o.parameters ?? []).filter((p) => p.in === 'path')
    expect(declared.map((p) => p.name)).toEqual(inPath)
    expect(declared.every((p) => p.required)).toBe(true)
  })

  it('has schemas that JSON Schema 2020-12 accepts, and references that lead somewhere', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    ajv.addSchema({ ...document, $id: 'api' }, 'api')
    for (const { operation: o } of operations) {
      const contents = [o.requestBody, ...Object.values(o.responses)].flatMap((part) =>
        Object.values(part?.content ?? {}),
      )
      for (const { schema } of [...contents, ...(o.parameters ?? [])])
        expect(() =>
          ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/')) as object),
        ).not.toThrow()
    }
  })

  it('names every error code', () => {
    const schemas = document.components?.schemas as Record<string, { properties: { code: { enum: string[] } } }>
    expect(schemas['Problem']?.properties.code.enum).toEqual(Object.keys(errorCodes))
  })

  it('is served as it is', async () => {
    const answer = await api.call('GET', '/api/v1/openapi.json')
    expect(answer.body).toEqual(JSON.parse(JSON.stringify(document)))
  })
})

describe('the page of the document', () => {
  it('has every operation and every schema, and needs nothing but itself', async () => {
    const { text, headers } = await api.call('GET', '/api/v1/docs')
    for (const { path, operation: o } of operations) {
      expect(text).toContain(`id="${o.operationId}"`)
      expect(text).toContain(`<code>/api/v1${path}</code>`)
    }
    for (const name of Object.keys(document.components?.schemas ?? {})) expect(text).toContain(`id="schema-${name}"`)
    expect(text).not.toMatch(/<script|<img|<link|src=|@import|url\(|style="/)
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'/)
  })

  it('shows what a document says as text, whatever it says', () => {
    const evil = '<script>alert(1)</script>"\'&'
    const page = docsPage({
      ...document,
      info: { ...document.info, title: evil, description: evil },
      paths: {
        [`/${evil}`]: { get: { operationId: evil, summary: evil, description: evil, tags: [evil], responses: {} } },
      },
    })
    expect(page).not.toContain('<script>')
  })

  it('leads every link within the page somewhere', () => {
    const page = docsPage(document)
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))
    for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target)
  })
})
