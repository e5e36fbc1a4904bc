import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeSignerKey, encodeVerifierKey, generateNoteKey, parseSignerKey, parseVerifierKey } from './note-key.ts'
import { addSignatures, openNote, signNote } from './signed-note.ts'

// The example of golang.org/x/mod/sumdb/note's documentation. Ed25519 is deterministic, so our signature must be equal.
const text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
const vkey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const skey = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz'
const signature =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n'
const note = `${text}\n${signature}`
const peter = parseVerifierKey(vkey)
const invalid = expect.objectContaining({ code: 'signature-invalid' })
const malformed = expect.objectContaining({ code: 'malformed' })

const signerNamed = (name: string) => parseSignerKey(generateNoteKey(name).skey)

describe('keys', () => {
  it('reads and writes the published key', () => {
    expect(encodeVerifierKey(peter)).toBe(vkey)
    expect(encodeSignerKey(parseSignerKey(skey))).toBe(skey)
    expect(encodeVerifierKey(parseSignerKey(skey))).toBe(vkey)
  })

  it.each([
    ['', 'empty'],
    ['PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW', 'another key id'],
    ['PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW', 'an upper-case key id'],
    ['PeterNewman+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW', 'another name'],
    ['PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW', 'another algorithm'],
    ['Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW', 'a space'],
    ['PeterNeumann+c74f20a3+ARpc2QcUPDhM QegwxbzhKqiBfsVkmqq/LDE4izWy10TW', 'loose base64'],
  ])('refuses %s (%s)', (bad) => {
    expect(() => parseVerifierKey(bad)).toThrow(expect.objectContaining({ code: 'key-invalid' }))
  })

  it.each(['', 'a b', 'a+b', 'a\u2003b', 'a\u0085b', 'a\nb'])('refuses the name %j', (name) => {
    expect(() => generateNoteKey(name)).toThrow(expect.objectContaining({ code: 'key-invalid' }))
  })

  it('never shows a secret in a message', () => {
    const secret = skey.split('+').at(-1)!
    for (const bad of [skey.replace('c74f20a3', 'c74f20a4'), `${skey}A`, skey.replace('PRIVATE', 'SECRET')])
      expect(() => parseSignerKey(bad)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining(secret) }),
      )
  })
})

describe('signed note', () => {
  it('makes and opens the published note', () => {
    expect(signNote(text, [parseSignerKey(skey)])).toBe(note)
    expect(openNote(note, [peter]).text).toBe(text)
    expect(openNote(Buffer.from(note), [peter]).verified).toEqual([peter])
  })

  it('ignores unknown keys, and rejects the note when only those have signed', () => {
    const stranger = signerNamed('stranger.example')
    const both = addSignatures(note, [stranger])
    expect(both.startsWith(note)).toBe(true)
    const opened = openNote(both, [peter])
    expect(opened.unknown.map(({ name }) => name)).toEqual(['stranger.example'])
    expect(openNote(both, [peter, stranger]).verified).toHaveLength(2)
    expect(() => openNote(signNote(text, [stranger]), [peter])).toThrow(invalid)
    expect(() => openNote(note, [])).toThrow(invalid)
  })

  it('ignores a key that shares only the name with a known one', () => {
    const namesake = signerNamed('PeterNeumann')
    expect(openNote(addSignatures(note, [namesake]), [peter]).unknown).toHaveLength(1)
    expect(() => openNote(signNote(text, [namesake]), [peter])).toThrow(invalid)
  })

  it('rejects the note when one known key’s signature is bad, though another is good', () => {
    const other = signerNamed('other.example')
    const otherNote = signNote(`${text}changed\n`, [other])
    const forged = `${note}${otherNote.slice(otherNote.indexOf('— '))}`
    expect(openNote(forged, [peter]).verified).toEqual([peter])
    expect(() => openNote(forged, [peter, other])).toThrow(invalid)
  })

  it('accepts sixteen signatures, all verified', () => {
    const signers = Array.from({ length: 16 }, (_, i) => signerNamed(`witness${i}.example`))
    expect(openNote(signNote(text, signers), signers).verified).toHaveLength(16)
  })

  it('refuses more signatures than it would check', () => {
    expect(() => openNote(`${text}\n${signature.repeat(101)}`, [peter])).toThrow(
      expect.objectContaining({ code: 'too-large' }),
    )
  })

  it('keeps blank lines in the text', () => {
    const signer = signerNamed('a')
    const verse = 'one\n\ntwo\n'
    expect(openNote(signNote(verse, [signer]), [signer]).text).toBe(verse)
  })

  it.each([
    ['no end', note.slice(0, -1)],
    ['no blank line', note.replace('\n\n', '\n')],
    ['no signatures', `${text}\n`],
    ['a hyphen for the dash', note.replace('— ', '- ')],
    ['a carriage return', note.replace('is.\n', 'is.\r\n')],
    ['a tab', note.replace('If ', 'If\t')],
    ['blank padding', note.replace('nAM=', 'nAM= ')],
    ['no padding', note.replace('nAM=', 'nAM')],
    ['stray base64 bits', note.replace('nAM=', 'nAN=')],
    ['a byte order mark inside a key name', note.replace('— Peter', '— \ufeffPeter')],
  ])('refuses a note with %s', (_what, bad) => {
    expect(() => openNote(bad, [peter])).toThrow()
  })

  it('refuses bytes that are not UTF-8, and text without its newline', () => {
    expect(() => openNote(Buffer.concat([Buffer.of(0xff), Buffer.from(note)]), [peter])).toThrow(malformed)
    expect(() => signNote('no newline', [signerNamed('a')])).toThrow(malformed)
    expect(() => signNote('half \ud800\n', [signerNamed('a')])).toThrow(malformed)
  })

  it('is broken by any flipped bit', () => {
    const bytes = Buffer.from(note)
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        const bad = Buffer.from(bytes)
        bad[at]! ^= 1 << bit
        expect(() => openNote(bad, [peter])).toThrow()
      }),
      { numRuns: 500 },
    )
  })
})
