import { describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'

describe('the configuration', () => {
  it('has a default for everything', () => {
    expect(readConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 3000,
      ingestPort: 4318,
      personas: true,
      databaseUrl: undefined,
    })
  })

  it('lists everything that is wrong, not the first alone, and how to mend it', () => {
    const wrong = {
      PORT: 'http',
      INGEST_PORT: '70000',
      DATABASE_URL: 'mysql://x',
      QUARTERDECK_SECRET: 'short',
      LOG_LEVEL: 'loud',
    }
    for (const name of Object.keys(wrong)) expect(() => readConfig(wrong)).toThrow(new RegExp(`- ${name}: `))
    expect(() => readConfig(wrong)).toThrow('must have at least 32 characters')
  })

  it('lists what does not go together, too', () => {
    const wrong = { HOST: '0.0.0.0', QUARTERDECK_PERSONAS: '1', DATABASE_URL: 'postgres://h/d' }
    for (const name of ['QUARTERDECK_PERSONAS', 'QUARTERDECK_ORIGIN', 'QUARTERDECK_SECRET'])
      expect(() => readConfig(wrong)).toThrow(new RegExp(`- ${name}: `))
  })

  it('never repeats a secret that it refuses', () => {
    expect(() => readConfig({ QUARTERDECK_SECRET: 'hunter2' })).toThrow(
      expect.not.stringContaining('hunter2') as string,
    )
  })

  it('takes an empty variable for none', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: '' })).toMatchObject({ port: 3000, databaseUrl: undefined })
  })
})
