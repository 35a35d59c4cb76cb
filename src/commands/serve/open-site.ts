import { realpath, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { FulcrumError } from '../../model/index.ts'
import { loadDrawnPageAssets } from '../../render/html/drawn-charts.ts'
import { loadAsset, loadChartScripts, loadPageAssets } from '../../render/html/inline-script.ts'
import { loadOverlayAssets } from '../../render/html/overlay-page.ts'
import { commitsOf } from '../../render/views/commits.ts'
import { openCatalogue } from '../../site/catalogue.ts'
import type { SiteAssets } from '../../site/pages/layout.ts'
import { createRouter } from '../../site/routes.ts'
import { type Site, startSite } from '../../site/server.ts'
import { address } from '../comment.ts'
import { followRun } from '../watch.ts'
import { createPages } from './pages.ts'

export interface ServeRequest {
  readonly resultsRoot: string
  /** Address to listen on. */
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  /** The repository's page, such as https://github.com/owner/name: revisions become links. */
  readonly repository?: string
}

/** See `serveResults`, which loads this file only when there is something to serve. */
export async function openSite({ resultsRoot, host, port, repository }: ServeRequest): Promise<Site> {
  const commits = repository === undefined ? null : commitsOf(address('repository', repository))
  const root = await realRoot(resolve(resultsRoot))
  await using made = new AsyncDisposableStack()
  const pages = made.use(createPages(root, commits))
  const assets = await loadSiteAssets()
  const route = createRouter({ root, catalogue: openCatalogue(root), pages, assets })
  const site = made.use(
    await startSite({ host, port, assets, route, follow: (folder, signal) => followRun(folder, { signal }) }),
  )
  const kept = made.move()
  return { url: site.url, reach: site.reach, [Symbol.asyncDispose]: () => kept.disposeAsync() }
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
