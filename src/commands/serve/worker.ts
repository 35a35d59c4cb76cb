import { type Analysis, analyse } from '../../analysis/analyse.ts'
import { compareRuns } from '../../analysis/compare/compare.ts'
import type { Comparison } from '../../analysis/compare/comparison.ts'
import { readRun } from '../../journal/index.ts'
import { defined, FulcrumError } from '../../model/index.ts'
import { columnsOf } from '../../render/export/columns.ts'
import { comparisonJson } from '../../render/export/comparison-json.ts'
import { rowsOf } from '../../render/export/rows.ts'
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

/** Number of runs on a history page: two months of nightly runs. */
const lastRuns = 60

/** Called by tinypool in a worker thread, so that the site still responds while a large page is made. */
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
    case 'comparison':
      return comparisonHtml(await compared(request), await loadDrawnPageAssets('comparison'), request.trail)
    case 'comparison-json':
      return comparisonJson(await compared(request))
    case 'points':
      return pointsJson(analyse(await readRun(request.folder)))
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

async function compared(request: { readonly base: string; readonly head: string }): Promise<Comparison> {
  const [base, head] = await Promise.all([readRun(request.base), readRun(request.head)])
  return compareRuns(base, head, [], await noiseRuns(base, head))
}

/** The rows of points.csv by column; null for unobserved values. */
function pointsJson(analysis: Analysis): string {
  const columns = columnsOf(analysis.figures)
  const points = rowsOf(analysis).map(row => Object.fromEntries(columns.map(({ name, of }) => [name, of(row)])))
  return `${JSON.stringify({ points })}\n`
}
