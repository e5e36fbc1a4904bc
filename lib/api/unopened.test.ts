import { describe, expect, it } from 'vitest'
import { answerUnopened } from './unopened.ts'

describe('while the system is not open', () => {
  it('the process is alive, and everything else is unavailable without its cause', async () => {
    expect(answerUnopened('/healthz', new Error('away')).status).toBe(200)
    for (const path of ['/readyz', '/api/readyz', '/api/v1/models', '/metrics']) {
      const answer = answerUnopened(path, new Error('no route to db-7'))
      expect(answer.status).toBe(503)
      expect(answer.headers.get('content-type')).toBe('application/problem+json')
      const text = await answer.text()
      expect(JSON.parse(text)).toMatchObject({ code: 'unavailable', requestId: answer.headers.get('x-request-id') })
      expect(text).not.toContain('db-7')
    }
  })
})
