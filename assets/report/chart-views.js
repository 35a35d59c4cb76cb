// @ts-check
/**
 * What every page that draws with Vega shares: a view in its place, the legend's marks, elements, and figures in words.
 * Loaded right after Vega, its interpreter and its tooltip. Everything from a run goes into a page as text.
 */
;(() => {
  const { vega, vegaInterpreter, vegaTooltip } = /** @type {any} */ (globalThis)
  const root = document.documentElement
  const tooltip = new vegaTooltip.Handler({ disableDefaultStyle: true, offsetX: 14, offsetY: 14 })

  /**
   * A view of a compiled specification, not yet run.
   * @param {any} spec @param {HTMLElement} place
   * @param {{config: object}} theme whose colours are set as signals where the specification has them
   * @param {string} [background]
   */
  function viewOf(spec, place, theme, background = 'transparent') {
    const runtime = vega.parse(spec, { ...theme.config, background }, { ast: true })
    const view = new vega.View(runtime, {
      expr: vegaInterpreter.expressionInterpreter,
      container: place,
      renderer: 'svg',
      hover: true,
      logLevel: vega.Error,
      tooltip: tooltip.call,
    })
    const colours = /** @type {Record<string, unknown>} */ (theme)
    for (const name of ['ink', 'muted', 'paper', 'accent'])
      if (name in colours && hasSignal(spec, name)) view.signal(name, colours[name])
    return view
  }

  /** Whether a specification takes a signal. @param {any} spec @param {string} signal */
  const hasSignal = (spec, signal) =>
    spec.signals?.some((/** @type {{name: string}} */ { name }) => name === signal) ?? false

  /** Calls back with the datum of a mark that is clicked. @param {any} view @param {(datum: any) => void} listener */
  const onClick = (view, listener) =>
    view.addEventListener('click', (/** @type {unknown} */ _event, /** @type {any} */ item) => {
      if (item?.datum) listener(item.datum)
    })

  const themeName = () =>
    root.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')

  /** @param {string} tag @param {Record<string, string>} [attributes] @param {...(Node | string)} children */
  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag)
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
    made.append(...children)
    return made
  }

  const symbolPaths = /** @type {Record<string, string>} */ ({
    dot: 'M-5.5,-2.5H5.5V2.5H-5.5Z',
    circle: 'M0,-5A5,5 0 1,1 -0.01,-5Z',
    square: 'M-4.5,-4.5H4.5V4.5H-4.5Z',
    'triangle-up': 'M0,-5L5.4,4.2H-5.4Z',
    'triangle-down': 'M0,5L5.4,-4.2H-5.4Z',
    'triangle-right': 'M5,0L-4.2,5.4V-5.4Z',
    'triangle-left': 'M-5,0L4.2,5.4V-5.4Z',
    diamond: 'M0,-5.8L4.6,0L0,5.8L-4.6,0Z',
  })

  /** A mark as the charts have it. @param {string} shape @param {string} colour */
  function symbol(shape, colour) {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
    svg.setAttribute('viewBox', '-7 -7 14 14')
    svg.setAttribute('aria-hidden', 'true')
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path')
    path.setAttribute('d', symbolPaths[shape] ?? '')
    path.setAttribute('fill', colour)
    svg.append(path)
    return svg
  }

  /**
   * A button for each series; several can be in focus.
   * @param {readonly {name: string, mark: Node}[]} series @param {readonly string[] | null} focus
   * @param {(focus: string[] | null) => void} change
   */
  const legendButtons = (series, focus, change) =>
    series.map(({ name, mark }) => {
      const on = focus?.includes(name) ?? false
      const button = element('button', { type: 'button', 'aria-pressed': String(on) }, mark, name)
      button.addEventListener('click', () => {
        const rest = (focus ?? []).filter(other => other !== name)
        change(on ? (rest.length > 0 ? rest : null) : [...rest, name])
      })
      return button
    })

  /** @param {number | null} value */
  const figure = value =>
    value === null
      ? '–'
      : value.toLocaleString('en-US', Math.abs(value) >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 })

  Object.assign(globalThis, {
    chartViews: { viewOf, hasSignal, onClick, themeName, element, symbol, legendButtons, figure },
  })
})()
