import { describe, expect, it } from 'vitest'
import { renderCard } from './card-render.ts'

describe('a card as HTML', () => {
  it.each([
    ['a script', '<script>alert(1)</script>', '<p dir="auto">&lt;script&gt;alert(1)&lt;/script&gt;</p>\n'],
    [
      'markup with a handler',
      'x <img src=x onerror=alert(1)>',
      '<p dir="auto">x &lt;img src=x onerror=alert(1)&gt;</p>\n',
    ],
    ['a script link', '[a](javascript:alert(1))', '<p dir="auto">[a](javascript:alert(1))</p>\n'],
    ['a script link in disguise', '[a](JaVaScRiPt&colon;alert(1))', '<p dir="auto">[a](JaVaScRiPt:alert(1))</p>\n'],
    ['a data link', '[a](data:text/html,hi)', '<p dir="auto">[a](data:text/html,hi)</p>\n'],
    ['a link to our own pages', '[a](/access)', '<p dir="auto">[a](/access)</p>\n'],
    ['a link to a host of our scheme', '[a](//evil.example)', '<p dir="auto">[a](//evil.example)</p>\n'],
  ])('shows %s as text', (_, body, html) => {
    expect(renderCard(body)).toBe(html)
  })

  it('opens links apart, with nothing told to them', () => {
    expect(renderCard('[paper](https://example.com/a?b=1&c="2")')).toBe(
      '<p dir="auto"><a href="https://example.com/a?b=1&amp;c=%222%22" rel="noopener noreferrer nofollow ugc" target="_blank">paper</a></p>\n',
    )
  })

  it('loads no pictures, and says whose they are', () => {
    const html = renderCard('![a "chart" <b>](https://tracker.example/p.png) ![x](data:image/png;base64,AAAA)')
    expect(html).not.toMatch(/<img|src=/)
    expect(html).toContain('[picture: a &quot;chart&quot; &lt;b&gt;, not loaded from tracker.example]')
  })

  it('puts headings below those of the page, and lets each block choose its direction', () => {
    expect(renderCard('# Top\n\n##### Deep')).toBe('<h3 dir="auto">Top</h3>\n<h6 dir="auto">Deep</h6>\n')
    expect(renderCard('- שלום\n\n> مرحبا')).toContain('<li dir="auto">שלום</li>')
  })

  it('shows marks that turn or hide text', () => {
    expect(renderCard('pay\u202E\u2066 reviled\u200B')).toBe('<p dir="auto">pay⟦U+202E⟧⟦U+2066⟧ reviled⟦U+200B⟧</p>\n')
  })

  it('ends, and stays small, whatever is nested', () => {
    const nested = [
      '>'.repeat(50_000),
      '['.repeat(50_000),
      '*a '.repeat(40_000),
      '![]('.repeat(30_000),
      '- '.repeat(20_000),
      '`'.repeat(100_000),
      '|a'.repeat(30_000),
    ]
    for (const body of nested) expect(renderCard(body).length).toBeLessThan(2_000_000)
  })
})
