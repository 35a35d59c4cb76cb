import type { Inline } from './inline.ts'
import { loadAsset } from './inline.ts'
import { loadPageModule } from './page-module.ts'

/**
 * Scripts that all pages with chart tools share (export of the view, state in the address, zoom), in this order: the
 * modules as `chartModules`, the tools as `chartTools`.
 */
export async function loadChartTools(): Promise<readonly Inline[]> {
  return Promise.all([loadPageModule('render/page/chart-modules', 'chartModules'), loadAsset('report/chart-tools.js')])
}
