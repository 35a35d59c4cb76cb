import { defined } from '../model/index.ts'
import type { Site } from '../site/server.ts'
import type { ServeRequest } from './serve/open-site.ts'

/**
 * Serves a results folder as a read-only site, until disposal.
 * @throws FulcrumError (bad-input) if the folder does not exist; (environment) if the port is taken
 */
export async function serveResults(request: ServeRequest): Promise<Site> {
  // Vega takes most of a second to load. Other commands must not wait for it.
  const { openSite } = await import('./serve/open-site.ts')
  return openSite(request)
}

/** Interval in ms at which a site checks its store for changes. */
const usualEveryMs = 30_000

/** Default limit of `fulcrum serve` for an upload. */
const usualMostBytes = 1024 ** 3

/** Options for serving a store. */
export interface StoreRequest extends Omit<ServeRequest, 'resultsRoot' | 'uploads'> {
  /** `s3://BUCKET/PREFIX` */
  readonly store: string
  readonly env: NodeJS.ProcessEnv
  /** Maximum size of an unpacked run, in bytes. */
  readonly mostBytes?: number
  readonly everyMs?: number
  readonly onFetch?: (done: number, of: number) => void
  /** Called with a sentence for the user who started the site. */
  readonly onNotice?: (text: string) => void
  readonly signal?: AbortSignal
}

/**
 * Serves the runs of an S3-compatible store from a copy in the user's cache folder, which follows the store. If the
 * store becomes unavailable, the site keeps its copy.
 * @throws FulcrumError (bad-input) for invalid addresses or credentials; (environment) if the store does not respond
 */
export async function serveStore({ store: address, env, ...request }: StoreRequest): Promise<Site> {
  const [{ openStore }, { followStore, mirrorFolder, openMirror }] = await Promise.all([
    import('./store/s3.ts'),
    import('./store/mirror.ts'),
  ])
  const store = openStore(address, env)
  const { mostBytes = usualMostBytes, everyMs = usualEveryMs, onFetch, onNotice = () => {} } = request
  const resultsRoot = mirrorFolder(store, env)
  const told = new Set<string>()
  const mirror = openMirror(store, resultsRoot, {
    mostBytes,
    ...defined({ onFetch }),
    onLeftOut: (key, why) => {
      if (!told.has(`${key} ${why}`)) onNotice(`${store.url}/${key} is left out: ${why}`)
      told.add(`${key} ${why}`)
    },
  })
  await mirror.update(request.signal)
  await using made = new AsyncDisposableStack()
  const site = made.use(await serveResults({ ...request, resultsRoot }))
  const stop = new AbortController()
  const followed = followStore(mirror, {
    everyMs,
    signal: stop.signal,
    onChange: error =>
      onNotice(
        error === null
          ? `${store.url} answers again.`
          : `${error instanceof Error ? error.message : String(error)} The site shows its last copy of ${store.where}.`,
      ),
  })
  made.defer(async () => {
    stop.abort(new DOMException('the site stops', 'AbortError'))
    await followed
  })
  const kept = made.move()
  return { url: site.url, reach: site.reach, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}
