import type { CallOptions, Site, TestApi } from './api.ts'

/** What a wrong request is made of, once the sites are there. */
export type Given = { api: TestApi; site: Site; other: Site; token: string; admin: string; operator: string }

/** A wrong request and the exact problem that it gets. */
export type BadRequest = {
  name: string
  send: (given: Given) => { method: string; path: string } & CallOptions
  status: number
  code: string
  detail: string | RegExp
  /** The `errors` member, exactly; absent: the answer has none. */
  errors?: { path: string; message: string }[]
  /** Headers that the answer has. */
  headers?: Record<string, string | RegExp>
}

const one = (path: string, message: string) => ({
  status: 400,
  code: 'invalid',
  detail: path === '' ? message : `${path}: ${message}`,
  errors: [{ path, message }],
})

/** `invalid` in one field. */
export function wrongField(name: string, path: string, message: string, send: BadRequest['send']): BadRequest {
  return { name, send, ...one(path, message) }
}

/** A POST by the developer to /models with that body. */
export function model(body: unknown): BadRequest['send'] {
  return ({ token }) => ({ method: 'POST', path: '/api/v1/models', token, body })
}

/** A GET by the developer. */
export function reading(path: string | ((given: Given) => string)): BadRequest['send'] {
  return (given) => ({
    method: 'GET',
    path: `/api/v1${typeof path === 'string' ? path : path(given)}`,
    token: given.token,
  })
}
