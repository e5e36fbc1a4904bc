import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonDocuments } from './json-documents.ts'

describe('JSON documents', () => {
  it.each([
    ['one line', ['{"a":1}'], [{ a: 1 }]],
    ['lines, with blank ones and a last one without an end', ['1\n\n"b"\n', '[2]'], [1, 'b', [2]]],
    ['a document over many lines', ['{\n  "a": [\n 1,\n\n 2]', '\n}\n'], [{ a: [1, 2] }]],
    ['a line in pieces', ['{"a"', ':1}\n2', '\n'], [{ a: 1 }, 2]],
    ['null', ['null\n'], [null]],
    ['ends of lines of another system', ['1\r\n2\r\n'], [1, 2]],
  ])('reads %s', async (_, chunks, values) => {
    expect(await valuesOf(chunks)).toEqual(values)
  })

  it.each([
    ['nothing', ['\n \n'], 'input: nothing was given'],
    ['text', ['nonsense'], 'input: not JSON'],
    ['a broken later line', ['1\n2\n{"a"\n3\n'], 'line 3: not JSON'],
    ['two documents over many lines', ['{\n}\n{\n}\n'], 'input: not JSON'],
    ['an endless line', Array.from({ length: 17 }, () => ' '.repeat(1024 * 1024)), 'line: a document may have'],
    [
      'an endless document',
      Array.from({ length: 17 }, () => `[${' '.repeat(1024 * 1024)}\n`),
      'input: a document may have',
    ],
  ])('refuses %s', async (_, chunks, message) => {
    await expect(valuesOf(chunks)).rejects.toThrow(message)
  })

  it('answers what came before a broken line', async () => {
    const seen: unknown[] = []
    const read = async (): Promise<void> => {
      for await (const { value } of jsonDocuments(streamOf(['1\n2\n', 'x\n']))) seen.push(value)
    }
    await expect(read()).rejects.toThrow('line 3')
    expect(seen).toEqual([1, 2])
  })

  it('gives back what was written, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue(), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 7 }),
        async (values, size) => {
          const text = values.map((value) => JSON.stringify(value)).join('\n')
          const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
            text.slice(index * size, (index + 1) * size),
          )
          expect(JSON.stringify(await valuesOf(chunks))).toBe(
            JSON.stringify(values.map((value) => JSON.parse(JSON.stringify(value)))),
          )
        },
      ),
      { numRuns: 100 },
    )
  })
})

async function valuesOf(chunks: readonly string[]): Promise<readonly unknown[]> {
  return (await Array.fromAsync(jsonDocuments(streamOf(chunks)))).map(({ value }) => value)
}

async function* streamOf(chunks: readonly string[]): AsyncGenerator<string> {
  for (const chunk of chunks) yield await Promise.resolve(chunk)
}
