import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type * as Vega from 'vega'
import type * as VegaLite from 'vega-lite'
import type { TopLevelSpec } from 'vega-lite'
import { runScript } from '../../process/run-script.ts'
import { compiledChart } from './compiled-charts.ts'
import type { Theme } from './theme.ts'
import { vegaConfig } from './theme.ts'

/**
 * Loads a bundle that pages also use: one file instead of 200 modules, which saves 0.05 s of CPU. It is a browser script
 * and sets its exports on the global object.
 */
function loadBundle(name: 'vega' | 'vega-lite'): void {
  runScript(fileURLToPath(import.meta.resolve(name).replace(/[^/]+$/, `${name}.min.js`)))
}

const once = <Value>(make: () => Value): (() => Value) => {
  let made: { readonly value: Value } | null = null
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

const vega = once((): typeof Vega => {
  loadBundle('vega')
  return (globalThis as unknown as { readonly vega: typeof Vega }).vega
})

const vegaLite = once((): typeof VegaLite => {
  // Its bundle takes Vega's.
  vega()
  loadBundle('vega-lite')
  return (globalThis as unknown as { readonly vegaLite: typeof VegaLite }).vegaLite
})

/** Vega-Lite is loaded for the first specification that no earlier process compiled. */
const compiler = once(() => {
  const manifest = readFileSync(new URL('../package.json', import.meta.resolve('vega-lite')), 'utf8')
  const { version } = JSON.parse(manifest) as { readonly version: string }
  return { version, compile: (spec: object) => vegaLite().compile(spec as TopLevelSpec).spec }
})

/** Compiles a Vega-Lite specification to Vega, so that pages need not include Vega-Lite. */
function vegaOf(spec: TopLevelSpec): Vega.Spec {
  return compiledChart(spec, compiler()) as Vega.Spec
}

/** A Vega specification without theme colors, which the page adds. */
export function pageSpec(spec: TopLevelSpec): object {
  const { config: _theme, background: _paper, ...vega } = vegaOf(spec)
  return vega
}

/** Draws a specification without a browser. Our own expressions may be compiled here, because no policy forbids it. */
export async function svgOf(spec: TopLevelSpec): Promise<string> {
  const { View, parse, Error: onlyErrors } = vega()
  const view = new View(parse(vegaOf(spec)), { renderer: 'none', logLevel: onlyErrors })
  try {
    return await view.toSVG()
  } finally {
    view.finalize()
  }
}

/** The Vega configuration of a theme, with which a compiled specification can get another theme. */
export function vegaConfigOf(theme: Theme): object {
  return vegaOf({ data: { values: [] }, mark: 'point', config: vegaConfig(theme) }).config ?? {}
}
