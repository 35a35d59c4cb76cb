import { open } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type Manifest, readManifest, sweepFolder } from '../journal/index.ts'
import { defined, FulcrumError, isRecord } from '../model/index.ts'
import { filesOf } from '../site/run-files.ts'
import { findRun, type RunChoice } from './find-run.ts'
import { pushToStore } from './store/push.ts'
import { isStoreUrl, openStore } from './store/s3.ts'

/** Result of a push: `unchanged` if the run was already there, `replaced` if an earlier part of it was. */
export interface Pushed {
  /** `SWEEP/RUN` on the site or in the store. */
  readonly run: string
  readonly outcome: 'created' | 'replaced' | 'unchanged'
  /** Address of the run's page, or of its object. */
  readonly url: string
}

/** Long enough for a large run over a slow connection. */
const patienceMs = 10 * 60_000

/**
 * Sends a run as a gzipped tar archive of its files to a `fulcrum serve` that takes uploads, or to a store.
 * @param request.to the site's address, possibly below a proxy's path, or `s3://BUCKET/PREFIX`
 * @param request.token token of the site; credentials of a store come from `env`
 * @throws FulcrumError (bad-input) if there is no run, or it is refused; (environment) if the target is unreachable
 */
export async function pushRun(
  request: RunChoice & {
    readonly to: string
    readonly token: string | null
    readonly env?: NodeJS.ProcessEnv
    readonly signal?: AbortSignal
  },
): Promise<Pushed> {
  const isStore = isStoreUrl(request.to)
  const store = isStore ? openStore(request.to, request.env ?? process.env) : null
  if (!isStore && request.token === null)
    throw new FulcrumError('bad-input', 'no-token', 'A push needs the token of the site.', {
      remedy: 'Give it in a file with --token-file, or in the environment variable FULCRUM_TOKEN.',
    })
  const folder = await findRun(request)
  const manifest = await readManifest(folder)
  if (store !== null) {
    const place = placeIn(manifest)
    const { outcome, url } = await pushToStore(store, place, () => archiveOf(folder), request.signal)
    return { run: `${place.sweep}/${place.run}`, outcome, url }
  }
  const site = siteAddress(request.to)
  const archive = await archiveOf(folder)
  const deadline = AbortSignal.timeout(patienceMs)
  const answer = await fetch(new URL('api/v1/runs', site), {
    method: 'POST',
    headers: { 'content-type': 'application/gzip', authorization: `Bearer ${request.token}` },
    body: Readable.toWeb(archive),
    duplex: 'half',
    redirect: 'error',
    signal: request.signal === undefined ? deadline : AbortSignal.any([deadline, request.signal]),
  }).catch((error: unknown) => Promise.reject(unreachable(error, site)))
  const body: unknown = await answer.json().catch(() => null)
  if (answer.ok && isPushed(body)) return { ...body, url: new URL(body.page.replace(/^\//, ''), site).href }
  throw refused(answer.status, body, site)
}

/** Place of the run below any results folder. */
function placeIn({ sweep, runId }: Manifest) {
  return { sweep: basename(sweepFolder('.', sweep)), run: runId }
}

/** The regular files of a run as a gzipped tar archive, without links, locks and other hidden files. */
async function archiveOf(folder: string): Promise<Readable> {
  const { pack } = await import('tar-stream')
  const files = await filesOf(folder, Number.POSITIVE_INFINITY)
  const archive = pack()
  const added = (async () => {
    for (const { segments } of files) {
      await using file = await open(join(folder, ...segments))
      const { size } = await file.stat()
      const entry = archive.entry({ name: segments.join('/'), size })
      // A growing journal is sent up to its length at the start.
      const content = size === 0 ? Readable.from([]) : file.createReadStream({ autoClose: false, end: size - 1 })
      await pipeline(content, entry)
    }
    archive.finalize()
  })()
  const gzip = createGzip()
  pipeline(archive, gzip).catch(error => gzip.destroy(error))
  added.catch(error => archive.destroy(error))
  return gzip
}

function siteAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '')
    return new URL(url.pathname.endsWith('/') ? url.href : `${url.origin}${url.pathname}/`)
  throw new FulcrumError('bad-input', 'not-a-url', 'Invalid address of a site.', {
    remedy: 'Use the address that `fulcrum serve` prints, such as http://127.0.0.1:4747/, without a user or password.',
  })
}

function unreachable(error: unknown, site: URL): FulcrumError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const why = cause instanceof Error ? cause.message : String(cause)
  return new FulcrumError('environment', 'site-unreachable', `The site does not answer: ${why}.`, {
    where: site.href,
    remedy: 'Check that `fulcrum serve --uploads` runs there.',
    cause: error,
  })
}

function refused(status: number, body: unknown, site: URL): FulcrumError {
  const told = isRecord(body) && isRecord(body.error) ? body.error : {}
  const message = typeof told.message === 'string' ? told.message : `The site answered with HTTP ${status}.`
  const remedies: { readonly [status: number]: string } = {
    401: 'Give the token of the site with --token-file or FULCRUM_TOKEN.',
    405: 'Start the site with `fulcrum serve --uploads`.',
    413: 'Raise --max-upload of fulcrum serve.',
    421: 'Allow this address in fulcrum serve: --allow-host NAME.',
  }
  const remedy = remedies[status] ?? (typeof told.remedy === 'string' ? told.remedy : undefined)
  const kind = status >= 500 ? 'environment' : 'bad-input'
  return new FulcrumError(kind, 'push-refused', message, {
    where: site.href,
    ...defined({ remedy }),
  })
}

function isPushed(
  body: unknown,
): body is { readonly run: string; readonly outcome: Pushed['outcome']; readonly page: string } {
  return (
    isRecord(body) &&
    typeof body.run === 'string' &&
    typeof body.page === 'string' &&
    (body.outcome === 'created' || body.outcome === 'replaced' || body.outcome === 'unchanged')
  )
}
