import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { loadChartTools } from './chart-tools.ts'
import type { Inline } from './inline.ts'
import { inline, loadAsset, loadStyle } from './inline.ts'

export { type Inline, inline, loadAsset, loadStyle } from './inline.ts'

/** Styles and scripts of a report, which are part of its file so that it works offline. */
export interface PageAssets {
  readonly style: Inline
  /**
   * Vega, its CSP-safe expression interpreter, the tooltip, the chart tools and the page's own script, in this order.
   */
  readonly scripts: readonly Inline[]
}

/** Loads the page's assets from the installed packages and from assets/report. */
export async function loadPageAssets(): Promise<PageAssets> {
  const [style, charts, tools, page] = await Promise.all([
    loadStyle(),
    loadChartScripts(),
    loadChartTools(),
    loadAsset('report/page.js'),
  ])
  return { style, scripts: [...charts, ...tools, page] }
}

/** Vega, its CSP-safe expression interpreter, the tooltip, and the code that all pages share, in this order. */
export async function loadChartScripts(): Promise<readonly Inline[]> {
  const [vega, interpreter, tooltip, views] = await Promise.all([
    readModule('vega', 'vega.min.js'),
    readModule('vega-interpreter'),
    readModule('vega-tooltip'),
    loadAsset('report/chart-views.js'),
  ])
  const modules = [vega, classicScript(interpreter, 'vegaInterpreter'), classicScript(tooltip, 'vegaTooltip')]
  return [...modules.map(inline), views]
}

/** A package's main module, or another file next to it. */
function readModule(name: string, file = ''): Promise<string> {
  const main = import.meta.resolve(name)
  return readFile(fileURLToPath(file === '' ? main : new URL(file, main)), 'utf8')
}

/**
 * Converts an ES module that imports at most vega-util to a classic script that sets its exports on `globalThis[name]`.
 * A file that is opened from disk can't import anything, and Vega's own bundle contains vega-util.
 * @throws RangeError if the module no longer has that shape
 */
export function classicScript(source: string, name: string): string {
  const withoutMap = source.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n')
  const imports = /^import \{([^}]*)\} from 'vega-util';\s*/m.exec(withoutMap)
  const exports = /^export \{([^}]*)\};\s*$/m.exec(withoutMap)
  if (exports?.[1] === undefined) throw new RangeError(`${name}: no export list found`)
  const body = withoutMap.replace(imports?.[0] ?? '', '').replace(exports[0], '')
  if (/^(import|export)\b/m.test(body)) throw new RangeError(`${name}: imports or exports that a page can't have`)
  const members = exports[1].split(',').map(item => {
    const [local, exported] = item.trim().split(/\s+as\s+/)
    return `${exported ?? local}: ${local}`
  })
  const needs = imports?.[1] === undefined ? '' : `const {${imports[1]}} = vega;\n`
  return `globalThis.${name} = (() => {\n${needs}${body}\nreturn { ${members.join(', ')} };\n})();\n`
}
