import { model, wrongField, type BadRequest } from './bad-request.ts'

const unsupported = {
  status: 415,
  code: 'unsupported-media-type',
  detail: 'Send the body as application/json.',
}
const raw =
  (raw: BodyInit, headers: Record<string, string> = {}): BadRequest['send'] =>
  ({ token }) => ({ method: 'POST', path: '/api/v1/models', token, raw, headers })
const nested = (depth: number) => `{"name":"m","title":${'['.repeat(depth)}${']'.repeat(depth)}}`
const good = JSON.stringify({ name: 'model', title: 'Model' })
const text = 'has text with U+0000 or an unpaired surrogate, which cannot be kept'
const stream = (bytes: number) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (let sent = 0; sent < bytes; sent += 65_536) controller.enqueue(new Uint8Array(65_536).fill(32))
      controller.close()
    },
  })

/** What is wrong with a body before anybody looks at its fields. */
export const bodyCases: readonly BadRequest[] = [
  wrongField('no body at all', '', 'Invalid input: expected object, received undefined', ({ token }) => ({
    method: 'POST',
    path: '/api/v1/models',
    token,
  })),
  wrongField('an empty body that calls itself JSON', 'body', 'must be JSON', raw('')),
  wrongField('a body that ends early', 'body', 'must be JSON', raw('{"name":"mod')),
  wrongField('a body with a trailing comma', 'body', 'must be JSON', raw('{"name":"model","title":"M",}')),
  wrongField('two bodies in one', 'body', 'must be JSON', raw(`${good}${good}`)),
  wrongField('NaN in a body', 'body', 'must be JSON', raw('{"name":"model","title":NaN}')),
  wrongField('bytes that are not UTF-8', 'body', 'must be UTF-8', raw(new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]))),
  wrongField('a list where an object belongs', '', 'Invalid input: expected object, received array', model([])),
  wrongField('a string where an object belongs', '', 'Invalid input: expected object, received string', model('x')),
  wrongField('null where an object belongs', '', 'Invalid input: expected object, received null', model(null)),
  wrongField('a body nested too deeply', 'body', 'must not be nested more than 32 levels deep', raw(nested(40))),
  wrongField(
    'a body nested to exhaust a stack',
    'body',
    'must not be nested more than 32 levels deep',
    raw(nested(90_000)),
  ),
  wrongField('U+0000 in a field', 'body', text, model({ name: 'model', title: 'a\u0000b' })),
  wrongField('U+0000 in a property name', 'body', text, model({ name: 'model', title: 'M', 'a\u0000': 1 })),
  wrongField('an unpaired surrogate', 'body', text, raw('{"name":"model","title":"\\ud800"}')),
  wrongField('a number beyond a double', 'body', 'has a number that is too large', raw('{"name":"m","title":1e400}')),
  wrongField(
    '__proto__ as a property',
    '',
    'Unrecognized key: "__proto__"',
    raw('{"name":"model","title":"M","__proto__":{"x":1}}'),
  ),
  { name: 'no content type', send: raw(good, { 'content-type': '' }), ...unsupported },
  { name: 'text instead of JSON', send: raw(good, { 'content-type': 'text/plain' }), ...unsupported },
  {
    name: 'a form instead of JSON',
    send: raw('name=model&title=M', { 'content-type': 'application/x-www-form-urlencoded' }),
    ...unsupported,
  },
  {
    name: 'JSON in another character set',
    send: raw(good, { 'content-type': 'application/json; charset=latin1' }),
    ...unsupported,
  },
  {
    name: 'a type that merely starts like JSON',
    send: raw(good, { 'content-type': 'application/jsonp' }),
    ...unsupported,
  },
  {
    name: 'a compressed body',
    send: raw(good, { 'content-encoding': 'gzip' }),
    ...unsupported,
    detail: 'Send the body without content-encoding.',
  },
  {
    name: 'a body that is too large and says so',
    send: raw(good, { 'content-length': '1048577' }),
    status: 413,
    code: 'too-large',
    detail: 'The body may have 1048576 bytes at most.',
  },
  {
    name: 'a body that is too large and does not say so',
    send: raw(stream(2_000_000)),
    status: 413,
    code: 'too-large',
    detail: 'The body may have 1048576 bytes at most.',
  },
]
