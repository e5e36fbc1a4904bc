import { describe, expect, it } from 'vitest'
import { explainStatus, isMissingObject } from './status.ts'

const status = (message: string, details?: object) => ({ kind: 'Status', status: 'Failure', message, details })
// As kube-apiserver 1.36 answers.
const rbac =
  'httproutes.gateway.networking.k8s.io "a" is forbidden: User "system:serviceaccount:q:q" cannot patch resource "httproutes" in API group "gateway.networking.k8s.io" in the namespace "m"'
const quota =
  'pods "a" is forbidden: exceeded quota: rq, requested: requests.memory=2Gi, used: requests.memory=7Gi, limited: requests.memory=8Gi'

describe('an API server that refuses', () => {
  it.each([
    [401, status('Unauthorized'), /renew the token/],
    [403, status(rbac), /cannot patch resource "httproutes".*deploy\/kubernetes\/rbac\.yaml/],
    [403, status(quota), /^the quota of the namespace.*requested: requests\.memory=2Gi.*limited: requests\.memory=8Gi/],
    [403, status('namespaces is forbidden: User "system:anonymous" cannot list'), /sees no credentials/],
    [403, status("ValidatingAdmissionPolicy 'p' denied request: no"), /does not permit this: Validating/],
    [404, '404 page not found\n', /install its resource definition/],
    [404, status('services "a" not found', { name: 'a', kind: 'services' }), /^services "a" not found$/],
    [409, status('the object has been modified'), /has changed in the meantime/],
    [400, status('admission webhook "w" denied the request: no'), /refuses the object: admission webhook/],
    [429, 'Too many requests, please try again later.\n', /busy/],
    [504, 'Timeout: request did not complete', /not known before it is read back/],
  ])('%i is told in words that say what to do', (code, body, words) => {
    expect(explainStatus(code, body)).toMatch(words)
  })

  it('names the other owners of fields', () => {
    const causes = [{ reason: 'FieldManagerConflict', message: 'conflict with "argocd"', field: '.spec.rules' }]
    expect(explainStatus(409, status('Apply failed', { causes }))).toContain('.spec.rules: conflict with "argocd"')
  })

  it('does not repeat the object that the server echoes', () => {
    const message = `HTTPRoute.gateway.networking.k8s.io "a" is invalid: spec.rules: Invalid value: {"password":"x"}: must be an array`
    const causes = [{ message: 'Invalid value: {"password":"x"}: must be an array', field: 'spec.rules' }]
    expect(explainStatus(422, status(message))).not.toContain('password')
    const told = explainStatus(422, status(message, { causes }))
    expect(told).toBe('the API server refuses the object: spec.rules: Invalid value: must be an array')
  })

  it('bounds what it repeats', () => {
    expect(explainStatus(422, status('x'.repeat(20_000))).length).toBeLessThan(600)
  })

  it('tells a missing object from a kind that is not served', () => {
    expect(isMissingObject(404, status('not found', { name: 'a' }))).toBe(true)
    expect(isMissingObject(404, '404 page not found')).toBe(false)
    expect(isMissingObject(403, status('no', { name: 'a' }))).toBe(false)
  })
})
