import { realpath, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { defined, FulcrumError } from '../../model/index.ts'
import { loadDrawnPageAssets } from '../../render/html/drawn-charts.ts'
import { loadAsset, loadChartScripts, loadPageAssets } from '../../render/html/inline-script.ts'
import { loadOverlayAssets } from '../../render/html/overlay-page.ts'
import { commitsOf } from '../../render/views/commits.ts'
import { openAccess, tokenAccess } from '../../site/access.ts'
import { auditFile, noAudit } from '../../site/audit.ts'
import { openCatalogue } from '../../site/catalogue.ts'
import { isLoopback } from '../../site/guard.ts'
import { knownRunsOf } from '../../site/known-runs.ts'
import type { SiteAssets } from '../../site/pages/layout.ts'
import { createRouter } from '../../site/routes.ts'
import { type Site, startSite } from '../../site/server.ts'
import { forgetUnfinished, mostUploadedFiles, receiveRun } from '../../site/upload.ts'
import { address } from '../comment.ts'
import { followRun } from '../watch.ts'
import { createPages } from './pages.ts'

/** Options of `fulcrum serve`. */
export interface ServeRequest {
  readonly resultsRoot: string
  /** Address to listen on. */
  readonly host: string
  /** 0 picks a free port. */
  readonly port: number
  /** Token that readers of the site need; null for none, which is only allowed on loopback. */
  readonly token?: string | null
  /** Host names that the site accepts, in addition to its address and this machine's name. */
  readonly allowedHosts?: readonly string[]
  /** Accepts runs from `fulcrum push`. Requires a token. */
  readonly uploads?: { readonly mostBytes: number }
  /** Log of logins and uploads. Default: `.audit.jsonl` in the results folder. */
  readonly auditLog?: string
  /** Saves summaries of the runs in the user's cache folder. */
  readonly keepsKnown?: boolean
  /** Called while the runs are read for the first time. */
  readonly onRead?: (done: number, of: number) => void
  /** The repository's page, such as https://github.com/owner/name: revisions become links. */
  readonly repository?: string
}

/** See `serveResults`, which loads this module only after its checks. */
export async function openSite(request: ServeRequest): Promise<Site> {
  const { host, port, repository, token = null, uploads, onRead } = request
  const commits = repository === undefined ? null : commitsOf(address('repository', repository))
  checkAccess(request)
  const root = await realRoot(resolve(request.resultsRoot))
  await using made = new AsyncDisposableStack()
  const pages = made.use(createPages(root, commits))
  const assets = await loadSiteAssets()
  const store = request.keepsKnown ? knownRunsOf(root) : null
  const catalogue = openCatalogue(root, {
    ...(store === null ? {} : { known: await store.read(), keep: store.write }),
    ...defined({ onRead }),
  })
  await catalogue.list()
  if (uploads !== undefined) await forgetUnfinished(root)
  const site = made.use(
    await startSite({
      host,
      port,
      allowedHosts: request.allowedHosts ?? [],
      assets,
      route: createRouter({ root, catalogue, pages, assets }),
      follow: (folder, signal) => followRun(folder, { signal }),
      access: token === null ? openAccess : tokenAccess(token),
      upload:
        uploads === undefined
          ? null
          : body => receiveRun(root, body, { bytes: uploads.mostBytes, files: mostUploadedFiles }),
      audit: token === null ? noAudit : auditFile(request.auditLog ?? join(root, '.audit.jsonl')),
    }),
  )
  const kept = made.move()
  return { url: site.url, reach: site.reach, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

/**
 * Refuses a site that others could read or write without a token.
 * @throws FulcrumError (bad-input)
 */
function checkAccess({ host, token = null, uploads }: ServeRequest): void {
  if (token !== null) return
  const remedy = 'Give a token: a file with --token-file, or the environment variable FULCRUM_TOKEN.'
  if (uploads !== undefined)
    throw new FulcrumError('bad-input', 'no-token', 'A site that takes uploads needs a token.', { remedy })
  if (!isLoopback(host))
    throw new FulcrumError('bad-input', 'no-token', `On ${host}, the network can read the site: it needs a token.`, {
      remedy,
    })
}

async function realRoot(folder: string): Promise<string> {
  const there = await stat(folder).catch(() => null)
  if (there?.isDirectory()) return realpath(folder)
  throw new FulcrumError('bad-input', 'no-folder', `No such folder: ${folder}.`, {
    remedy: 'Give the folder that holds the runs, or start a run there first with `fulcrum run FILE`.',
  })
}

async function loadSiteAssets(): Promise<SiteAssets> {
  const [report, style, list, charts, run, overlay, comparison, history] = await Promise.all([
    loadPageAssets(),
    loadAsset('site/site.css'),
    loadAsset('site/runs.js'),
    loadChartScripts(),
    loadAsset('site/run.js'),
    loadOverlayAssets(),
    loadDrawnPageAssets('comparison'),
    loadDrawnPageAssets('history'),
  ])
  return {
    styles: [report.style, style],
    list: [list],
    run: [...charts, run],
    report: report.scripts,
    overlay,
    comparison,
    history,
  }
}
