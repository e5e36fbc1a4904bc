import { NextResponse, type NextRequest } from 'next/server'

/**
 * Gives each page a content security policy with a fresh nonce (CSP level 3, `strict-dynamic`): Next puts the nonce on
 * its own inline scripts, so no inline script of anybody else runs. Style attributes stay allowed, because charts and
 * bars carry their positions in them; style elements do not.
 */
export function proxy(request: NextRequest): NextResponse {
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64')
  const policy = contentSecurityPolicy(nonce, process.env.NODE_ENV === 'development')
  const headers = new Headers(request.headers)
  headers.set('x-nonce', nonce)
  headers.set('content-security-policy', policy)
  const response = NextResponse.next({ request: { headers } })
  response.headers.set('content-security-policy', policy)
  return response
}

function contentSecurityPolicy(nonce: string, development: boolean): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ''}`,
    development ? "style-src 'self' 'unsafe-inline'" : `style-src 'self' 'nonce-${nonce}'`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' blob: data:",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

export const config = {
  // Pages only: the API answers data, and static files need no policy.
  matcher: ['/((?!api/|_next/static|_next/image|audit/log/|healthz|readyz|metrics|favicon.ico).*)'],
}
