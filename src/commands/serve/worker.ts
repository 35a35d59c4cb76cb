import { analyse } from '../../analysis/analyse.ts'
import { compareRuns } from '../../analysis/compare/compare.ts'
import { readRun } from '../../journal/index.ts'
import { defined, FulcrumError } from '../../model/index.ts'
import { comparisonHtml } from '../../render/html/comparison-page.ts'
import { loadDrawnPageAssets } from '../../render/html/drawn-charts.ts'
import { historyHtml } from '../../render/html/history-page.ts'
import { loadPageAssets } from '../../render/html/inline-script.ts'
import { loadOverlayAssets, overlayHtml } from '../../render/html/overlay-page.ts'
import { pageHtml } from '../../render/html/page.ts'
import { reportOf } from '../../render/views/report.ts'
import { readHistory } from '../history.ts'
import { noiseRuns } from '../noise-runs.ts'
import { overlayTitle, readOverlay } from '../overlay.ts'
import { readRunWithMissingPoints } from '../run-with-missing-points.ts'
import type { PageRequest, PageResult } from './page-request.ts'

/** Runs that a history page follows: two months of nights. */
const lastRuns = 60

/** What tinypool calls in a worker thread: the site goes on answering while a large page is made. */
export default async function work(request: PageRequest): Promise<PageResult> {
  try {
    return { html: await htmlOf(request) }
  } catch (error) {
    if (!(error instanceof FulcrumError)) throw error
    const { kind, code, message, where, remedy } = error
    return {
      problem: {
        kind,
        code,
        message,
        ...defined({ where, remedy }),
      },
    }
  }
}

async function htmlOf(request: PageRequest): Promise<string> {
  switch (request.page) {
    case 'report':
      return pageHtml(
        reportOf(analyse(await readRunWithMissingPoints(request.folder))),
        await loadPageAssets(),
        request.trail,
      )
    case 'comparison': {
      const [base, head] = await Promise.all([readRun(request.base), readRun(request.head)])
      return comparisonHtml(
        compareRuns(base, head, [], await noiseRuns(base, head)),
        await loadDrawnPageAssets('comparison'),
        request.trail,
      )
    }
    case 'overlay': {
      const overlay = await readOverlay(request.runs.map(({ folder }) => folder))
      return overlayHtml(overlay, await loadOverlayAssets(), {
        title: overlayTitle(overlay),
        trail: request.trail,
        links: request.runs.map(({ link }) => link),
      })
    }
    case 'history': {
      const { history } = await readHistory({ ...request, last: lastRuns })
      return historyHtml(history, await loadDrawnPageAssets('history'), [], request)
    }
  }
}
