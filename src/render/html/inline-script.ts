import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** A script or style for the page, and the hash that lets the content security policy allow just this text. */
export interface Inline {
  readonly text: string
  readonly hash: string
}

export interface PageAssets {
  readonly style: Inline
  /** Vega, its CSP-safe expression interpreter, the tooltip, and the page's own script, in this order. */
  readonly scripts: readonly Inline[]
}

/** Reads what the page needs from the installed packages and from assets/report. */
export async function loadPageAssets(): Promise<PageAssets> {
  const [style, charts, page] = await Promise.all([loadStyle(), loadChartScripts(), loadAsset('report/page.js')])
  return { style, scripts: [...charts, page] }
}

/** Vega, its CSP-safe expression interpreter, and the tooltip, in this order. */
export async function loadChartScripts(): Promise<readonly Inline[]> {
  const [vega, interpreter, tooltip] = await Promise.all([
    readModule('vega', 'vega.min.js'),
    readModule('vega-interpreter'),
    readModule('vega-tooltip'),
  ])
  return [vega, classicScript(interpreter, 'vegaInterpreter'), classicScript(tooltip, 'vegaTooltip')].map(inline)
}

/** The style that all pages share. */
export const loadStyle = (): Promise<Inline> => loadAsset('report/page.css')

/** A script or style of our own, by its path below assets/. */
export async function loadAsset(path: string): Promise<Inline> {
  return inline(await readFile(new URL(`../../../assets/${path}`, import.meta.url), 'utf8'))
}

/** A package's main module, or another file beside it. */
function readModule(name: string, file = ''): Promise<string> {
  const main = import.meta.resolve(name)
  return readFile(fileURLToPath(file === '' ? main : new URL(file, main)), 'utf8')
}

/**
 * An ES module that imports at most from vega-util, as a classic script that puts its exports on `globalThis[name]`:
 * one file opened from disk can't import anything, and Vega's own bundle has vega-util in it.
 * @throws RangeError when the module isn't of that shape any more
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

/** Text inside an element ends at `</script`; inside a string of a script `<\/script` means the same. */
export function inline(text: string): Inline {
  const safe = text.replace(/<\/(script|style)/gi, '<\\/$1').replace(/<!--/g, '<\\!--')
  return { text: safe, hash: `sha256-${createHash('sha256').update(safe).digest('base64')}` }
}
