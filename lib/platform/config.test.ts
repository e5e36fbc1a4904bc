import { describe, expect, it } from 'vitest'
import { localUrl, readConfig } from './config.ts'

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

  it('has no personas behind a proxy: an origin that others reach makes a loopback address public', () => {
    const proxied = { QUARTERDECK_ORIGIN: 'https://qd.example.com' }
    expect(readConfig(proxied).personas).toBe(false)
    expect(() => readConfig({ ...proxied, QUARTERDECK_PERSONAS: '1' })).toThrow(/- QUARTERDECK_PERSONAS: /)
    expect(readConfig({ QUARTERDECK_ORIGIN: 'http://[::1]:3000' }).personas).toBe(true)
  })

  it('knows under which URL this machine reaches a server, whatever it is bound to', () => {
    expect([
      localUrl('127.0.0.1', 1),
      localUrl('::1', 2),
      localUrl('0.0.0.0', 3),
      localUrl('::', 4),
      localUrl('10.0.0.5', 5),
    ]).toEqual(['http://127.0.0.1:1', 'http://[::1]:2', 'http://127.0.0.1:3', 'http://[::1]:4', 'http://10.0.0.5:5'])
  })
})
