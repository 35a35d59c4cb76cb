import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { Access } from './access.ts'
import { apiProblem } from './api.ts'
import type { Audit } from './audit.ts'
import type { SiteAssets } from './pages/layout.ts'
import { loginPage } from './pages/login.ts'
import type { SiteResponse } from './response.ts'
import { jsonResponse } from './response.ts'
import { pathTo } from './target.ts'
import { type Received, UploadRefused } from './upload.ts'

/** Large enough for a token and a path. */
const mostFormBytes = 8192

/** The login page, or the response to its form. */
export async function loginResponse(
  request: IncomingMessage,
  query: URLSearchParams,
  { assets, access, audit }: { readonly assets: SiteAssets; readonly access: Access; readonly audit: Audit },
): Promise<SiteResponse> {
  if (request.method !== 'POST')
    return loginPage(assets, { wanted: ownPath(query.get('to')), problem: null, status: 200 })
  const form = await formOf(request)
  const wanted = ownPath(form?.get('to') ?? null)
  const cookie = form === null ? null : access.login(form.get('token') ?? '')
  const from = request.socket.remoteAddress ?? ''
  if (cookie === 'throttled' || cookie === null) {
    const why = cookie === 'throttled' ? 'too many wrong tokens' : 'wrong token'
    await audit({ action: 'login', from, outcome: 'refused', run: '', why })
    return cookie === 'throttled'
      ? loginPage(assets, { wanted, problem: 'Too many wrong tokens. Try again in a minute.', status: 429 })
      : loginPage(assets, { wanted, problem: 'Wrong token.', status: 403 })
  }
  await audit({ action: 'login', from, outcome: 'done', run: '', why: '' })
  return { status: 303, headers: { location: wanted, 'set-cookie': cookie }, body: '' }
}

/** A path of this site, so that the login can't redirect to another site. */
function ownPath(path: string | null): string {
  return path !== null && /^\/(?![/\\])[\x21-\x7e]*$/.test(path) ? path : '/'
}

/** Null if the body is not a form, or is too large. */
async function formOf(request: IncomingMessage): Promise<URLSearchParams | null> {
  if (!/^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '')) return null
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > mostFormBytes) return null
    chunks.push(chunk)
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
}

/** Accepts a run from a client with the token. Each attempt is logged before its response. */
export async function uploadResponse(
  request: IncomingMessage,
  {
    access,
    upload,
    audit,
  }: { readonly access: Access; readonly upload: (body: Readable) => Promise<Received>; readonly audit: Audit },
): Promise<SiteResponse> {
  const from = request.socket.remoteAddress ?? ''
  const refused = async (answer: SiteResponse, why: string): Promise<SiteResponse> => {
    await audit({ action: 'upload', from, outcome: 'refused', run: '', why })
    // Doesn't wait for the rest of the body.
    return { ...answer, headers: { ...answer.headers, connection: 'close' } }
  }
  if (!access.holdsToken(request)) {
    const answer = apiProblem(401, 'An upload needs the token.', 'Send it as Authorization: Bearer TOKEN.')
    return refused(answer, 'no token')
  }
  if (!/^application\/(x-)?gzip\b/i.test(request.headers['content-type'] ?? ''))
    return refused(apiProblem(415, 'The body is not application/gzip.', 'Use `fulcrum push`.'), 'content type')
  try {
    const { place, outcome } = await upload(request)
    const run = `${place.sweep}/${place.run}`
    await audit({ action: 'upload', from, outcome: 'done', run, why: outcome === 'created' ? '' : outcome })
    const page = `${pathTo('runs', place.sweep, place.run)}/`
    return jsonResponse({ run, outcome, page }, outcome === 'created' ? 201 : 200)
  } catch (error) {
    if (error instanceof UploadRefused) return refused(apiProblem(error.status, error.message), error.message)
    await audit({ action: 'upload', from, outcome: 'failed', run: '', why: String(error) }).catch(() => {})
    throw error
  }
}
