import './tokens.css'
import type { Metadata, Viewport } from 'next'
import localFont from 'next/font/local'
import { cookies } from 'next/headers'
import type { ReactNode } from 'react'
import { themeCookie, themeOf } from './_ui/shell/theme.ts'

const inter = localFont({
  src: '../node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2',
  variable: '--font-inter',
  weight: '100 900',
  adjustFontFallback: 'Arial',
})
// Names such as Łukasz or Čapek: fetched only when a page holds such a letter.
const interExtended = localFont({
  src: '../node_modules/@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2',
  variable: '--font-inter-ext',
  weight: '100 900',
  preload: false,
  adjustFontFallback: false,
  declarations: [
    { prop: 'unicode-range', value: 'U+0100-02BA, U+02BD-02C5, U+02C7-02CC, U+02CE-02D7, U+02DD-02FF, U+1E00-1EFF' },
  ],
})
const geistMono = localFont({
  src: '../node_modules/@fontsource-variable/geist-mono/files/geist-mono-latin-wght-normal.woff2',
  variable: '--font-geist-mono',
  weight: '100 900',
  preload: false,
  adjustFontFallback: false,
})

export const metadata: Metadata = {
  title: { default: 'Quarterdeck', template: '%s · Quarterdeck' },
  description: 'The control plane from which machine-learning models are governed and observed.',
  robots: { index: false, follow: false },
}

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#f7f8f9' },
    { media: '(prefers-color-scheme: dark)', color: '#090b0e' },
  ],
}

// The theme comes from a cookie, so the first byte already has the right colours: no flash and no inline script.
export default async function RootLayout({ children }: { children: ReactNode }) {
  const theme = themeOf((await cookies()).get(themeCookie)?.value)
  const fonts = `${inter.variable} ${interExtended.variable} ${geistMono.variable}`
  return (
    <html lang="en" className={fonts} {...(theme ? { 'data-theme': theme } : {})} suppressHydrationWarning>
      <body>{children}</body>
    </html>
  )
}
