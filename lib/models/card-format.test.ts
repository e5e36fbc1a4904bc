import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isProblem } from '#lib/platform/errors.ts'
import { checkCard } from './card-completeness.ts'
import { cardBytesMax, parseCard } from './card-format.ts'
import { loadCardPolicies } from './load-card-policies.ts'
import { completeCard } from './testing/card.ts'

const card = (yaml: string, body = '# A model\n') => `---\n${yaml}\n---\n${body}`
const refusal = (text: string): string => {
  try {
    parseCard(text)
  } catch (error) {
    if (isProblem(error, 'invalid')) return error.message
    throw error
  }
  return 'taken'
}

describe('reading a card', () => {
  it('takes every key of the format, keeps those it does not know, and leaves the body as it is', () => {
    const { frontMatter, body } = parseCard(completeCard)
    expect(frontMatter).toMatchObject({
      language: 'no',
      license: 'apache-2.0',
      tags: ['tabular', 'fraud'],
      datasets: ['acme/transactions-2025'],
      'model-index': [{ name: 'fraud', results: [{ metrics: [{ type: 'accuracy', value: 0.97 }] }] }],
      intended_uses: { risk_rating: 'High' },
      somebodys_own_key: { kept: true },
    })
    expect(body.startsWith('# Fraud\n')).toBe(true)
  })

  it.each([
    ['windows line ends', '\uFEFF---\r\nlicense: mit\r\n---\r\nbody\r\n', { license: 'mit' }, 'body\r\n'],
    ['no front matter', '# Only Markdown\n\n---\n', {}, '# Only Markdown\n\n---\n'],
    ['an empty front matter', '---\n---\nbody', {}, 'body'],
    ['front matter alone', '---\nlicense: mit\n---', { license: 'mit' }, ''],
  ])('takes %s', (_, text, frontMatter, body) => {
    expect(parseCard(text)).toEqual({ frontMatter, body })
  })

  it('answers any text with a card or with why not', () => {
    const piece = fc.constantFrom(
      '---',
      '\n',
      'license: mit',
      '- a',
      '  ',
      '{',
      '[',
      '&a',
      '*a',
      '? ',
      '|',
      '!!js',
      '#',
      'x: ',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 6 })), { maxLength: 30 }), (pieces) => {
        expect(typeof refusal(`---\n${pieces.join('')}\n---\n`)).toBe('string')
      }),
    )
  })
})

describe('hostile cards', () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]', 'b: &b [*a, *a, *a, *a, *a, *a, *a]', 'c: [*b, *b, *b]'].join('\n')
  it.each([
    ['a bomb of aliases', card(bomb), 'anchor'],
    ['an alias', card('a: &x 1\nb: *x'), 'anchor'],
    ['a merge key', card('a: 1\n<<: {b: 2}\nb: *c'), 'alias'],
    ['a repeated key', card('license: mit\nlicense: gpl-3.0'), 'Map keys must be unique'],
    ['a repeated key in a flow map', card('intended_uses: {a: 1, a: 2}'), 'Map keys must be unique'],
    ['__proto__', card('__proto__: {polluted: true}'), '__proto__'],
    ['__proto__ further in', card('intended_uses:\n  "__proto__":\n    polluted: true'), '__proto__'],
    ['constructor', card('constructor: {prototype: {x: 1}}'), 'constructor'],
    ['a tag that makes code', card('a: !!js/function "function(){}"'), 'not YAML that is read here'],
    ['a tag of its own', card('a: !mine 1'), 'not YAML that is read here'],
    ['a binary tag', card('a: !!binary aGk='), 'the tag'],
    ['a set', card('a: !!set {x, y}'), 'the tag'],
    ['a key that is a map', card('? {a: 1}\n: 2'), 'not plain text'],
    ['deep flow lists', card(`a: ${'['.repeat(5_000)}${']'.repeat(5_000)}`), 'levels deep'],
    ['deep blocks', card(Array.from({ length: 200 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')), 'levels deep'],
    ['many values', card(`a: [${'1,'.repeat(12_000)}1]`), 'more than 10000 values'],
    ['two documents', card('a: 1\n...\nb: 2'), 'not YAML that is read here'],
    ['a list', card('- a\n- b'), 'not keys with values'],
    ['a front matter without an end', '---\nlicense: mit\n', 'does not end'],
    ['U+0000', 'a\0b', 'U+0000'],
    ['half a surrogate pair', 'a\uD800b', 'surrogate'],
    ['too much', 'x'.repeat(cardBytesMax + 1), 'at most 262144'],
    ['too much front matter', card(`a: "${'x'.repeat(70_000)}"`), 'more than 65536 bytes'],
    ['a licence that is a map', card('license: {a: 1}'), 'license'],
    ['a risk that is none', card('intended_uses: {risk_rating: enormous}'), 'intended_uses.risk_rating'],
    ['results that are text', card('model-index: yes'), 'model-index'],
  ])('refuses %s and says so', (_, text, words) => {
    expect(refusal(text)).toContain(words)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('takes ten thousand characters, right-to-left text and markup, each as text', () => {
    const text = card(
      `license: "<script>alert(1)</script>"\ntags: ["${'ע'.repeat(10_000)}"]`,
      `${'ש'.repeat(10_000)}\u202Eevil`,
    )
    expect(parseCard(text).frontMatter.license).toBe('<script>alert(1)</script>')
    expect(parseCard(text).body).toHaveLength(10_005)
  })
})

describe('completeness', () => {
  const missing = async (text: string, risk: 'low' | 'high' = 'high') => {
    const { policy } = await loadCardPolicies()
    return checkCard(parseCard(text), policy, risk).filter((c) => !c.ok)
  }

  it('finds everything in a complete card, whichever way it is said', async () => {
    expect(await missing(completeCard)).toEqual([])
  })

  it('names what is missing, and what would do', async () => {
    expect((await missing('Only a sentence.', 'low')).map((c) => c.title)).toEqual([
      'Licence',
      'Intended use',
      'Limitations',
      'Training data',
      'Evaluation',
      'Ethical considerations',
    ])
    const [licence, use] = await missing('', 'high')
    expect(licence?.because).toBe('there is no field license')
    expect(use?.because).toBe('there is no section "Intended use" and no field intended_uses.intended_uses')
  })

  it('asks for a risk rating where the risk is high', async () => {
    expect((await missing('', 'high')).map((c) => c.title)).toContain('Risk rating')
  })

  it('does not take the template for an answer, nor a heading without text', async () => {
    const template =
      '## Limitations\n\n<!-- say what it cannot do, in at least a few sentences -->\n\n[More Information Needed]\n'
    const limits = async (body: string) => (await missing(body)).find((c) => c.title === 'Limitations')?.because
    expect(await limits(template)).toBe('the section "Limitations" has 0 characters of text; 40 are asked for')
    expect(await limits('## Limitations\n\nNone.\n')).toContain('has 5 characters')
    expect(await limits(`## 3. LIMITATIONS:\n\n### Data\n\n${'It has no winters. '.repeat(4)}`)).toBeUndefined()
    expect((await missing(card('license: unknown\ndatasets: []'))).map((c) => c.name)).toContain('licence')
  })
})
