import type { Inline } from '../render/html/inline-script.ts'
import type { OpenFile } from './open-inside.ts'

/** The response to a request. */
export interface SiteResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | OpenFile
}

/** Headers of every response: no MIME sniffing, framing, caching or referrers. */
export const constantHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const

/** A response for programs. */
export function jsonResponse(value: unknown, status = 200): SiteResponse {
  return jsonTextResponse(`${JSON.stringify(value, null, 2)}\n`, status)
}

/** Like {@link jsonResponse}, for text that is already JSON. */
export function jsonTextResponse(body: string, status = 200): SiteResponse {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body }
}

/** A page that may run only these scripts and connect only to this site. */
export function page(
  body: string,
  allowed: { readonly scripts: readonly Inline[]; readonly styles: readonly Inline[] },
): SiteResponse {
  const sources = (inline: readonly Inline[]) =>
    inline.length === 0 ? "'none'" : inline.map(({ hash }) => `'${hash}'`).join(' ')
  const policy = [
    "default-src 'none'",
    `script-src ${sources(allowed.scripts)}`,
    `style-src ${sources(allowed.styles)}`,
    'img-src data:',
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
  return {
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy },
    body,
  }
}

/** Types that a browser displays; it saves anything else. None of these types can run scripts. */
const shown: Readonly<Record<string, string>> = {
  csv: 'text/plain; charset=utf-8',
  html: 'text/plain; charset=utf-8',
  json: 'application/json',
  jsonl: 'text/plain; charset=utf-8',
  log: 'text/plain; charset=utf-8',
  md: 'text/plain; charset=utf-8',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
  yaml: 'text/plain; charset=utf-8',
  yml: 'text/plain; charset=utf-8',
}

/** A file of a run. Its content is untrusted, so it is only displayed in a sandbox. */
export function fileResponse(file: OpenFile, name: string): SiteResponse {
  const extension = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ''
  const type = shown[extension]
  return {
    status: 200,
    headers: {
      'content-type': type ?? 'application/octet-stream',
      'content-length': String(file.size),
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
      ...(type === undefined ? { 'content-disposition': 'attachment' } : {}),
    },
    body: file,
  }
}
