// @ts-check
/**
 * The report page's script: draws the charts, keeps them, the legend and the selected point in step with the URL.
 * Runs from a file on disk, without network; everything from the run goes into the page as text, never as markup.
 */
;(() => {
  const { chartTools, chartModules, chartViews } = /** @type {any} */ (globalThis)
  const { viewOf, hasSignal: has, element, symbol, figure, themeName } = chartViews
  const data = JSON.parse(document.getElementById('report-data')?.textContent ?? '{}')
  const root = document.documentElement

  /** @type {Map<string, any>} views by workload and chart */
  const views = new Map()
  /** @type {any[]} views of the selected point */
  const detailViews = []
  /** @type {Map<string, any>} every point by key, with its workload */
  const pointsByKey = new Map()
  for (const workload of data.workloads)
    for (const point of workload.points) pointsByKey.set(point.key, { ...point, slug: workload.slug })

  /** The workloads, and all of them together. @type {any[]} */
  const sections = data.overall ? [...data.workloads, overallOf(data.overall)] : data.workloads

  /** All points with their standing among all workloads. @param {any} overall */
  function overallOf(overall) {
    const frontier = new Set(overall.frontier)
    const points = [...pointsByKey.values()].map(point => ({
      ...point,
      onFrontier: frontier.has(point.key),
      standing: overall.standing[point.key],
      recommended: false,
    }))
    return { slug: overall.slug, overall: true, charts: [{ kind: 'frontier', spec: overall.spec, rows: 'points' }], points, rows: {} }
  }

  const state = { workload: data.workloads[0]?.slug ?? '', point: '', percentile: 'p95', focus: /** @type {string[] | null} */ (null), variant: /** @type {string | null} */ (null) }

  const sectionOf = (/** @type {string} */ slug) => document.getElementById(`w-${slug}`)
  // ---- charts

  /** @param {any} workload @param {any} chart @param {HTMLElement} place */
  async function draw(workload, chart, place) {
    const theme = data.themes[themeName()]
    const id = `${workload.slug} ${chart.kind}`
    views.get(id)?.finalize()
    place.replaceChildren()
    const view = viewOf(data.specs[chart.spec], place, theme)
    views.set(id, view)
    view.signal('focus', state.focus)
    if (has(data.specs[chart.spec], 'variant')) view.signal('variant', state.variant)
    if (has(data.specs[chart.spec], 'percentile')) view.signal('percentile', state.percentile)
    const rows = chart.rows === 'points' ? workload.points : workload.rows[chart.rows]
    view.data(chart.rows, rows.map((/** @type {object} */ row) => ({ ...row })))
    if (has(data.specs[chart.spec], 'selected')) view.signal('selected', state.point)
    chartViews.onClick(view, (/** @type {any} */ datum) => {
      if (datum.key) go({ point: datum.key })
    })
    await view.runAsync()
    place.dataset.drawn = themeName()
    if (has(data.specs[chart.spec], 'zoom_x')) drawZoom(view, place)
  }

  /**
   * Buttons for zoom, for those who have neither wheel nor two fingers.
   * @param {any} view @param {HTMLElement} chart
   */
  function drawZoom(view, chart) {
    const place = chart.parentElement?.querySelector('[data-zoom]')
    if (!place) return
    chartTools.zoomButtons(place, chart, {
      zoom: (/** @type {number} */ factor) => {
        for (const axis of ['x', 'y']) {
          const [min, max] = view.scale(axis).domain()
          const next = chartModules.zoomed({ min, max, log: false }, factor, 0.5)
          view.signal(`zoom_${axis}`, [next.min, next.max])
        }
        view.runAsync()
      },
      reset: () => view.signal('zoom_x', null).signal('zoom_y', null).runAsync(),
    })
  }

  /** Draws a workload's charts unless they are there in the present theme. */
  function drawWorkload() {
    const workload = sections.find(w => w.slug === state.workload)
    const section = sectionOf(state.workload)
    if (!workload || !section) return
    for (const chart of workload.charts) {
      const place = /** @type {HTMLElement | null} */ (section.querySelector(`[data-chart="${chart.kind}"]`))
      if (place && place.dataset.drawn !== themeName()) draw(workload, chart, place)
    }
  }

  /** @param {string} signal @param {unknown} value */
  function signalAll(signal, value) {
    for (const view of views.values()) {
      try {
        view.signal(signal, value).runAsync()
      } catch {
        // a chart without this signal has nothing to change
      }
    }
  }

  // ---- legend: a button a series, several can be in focus

  /** Which shape is which workload. @param {any} theme */
  function drawShapes(theme) {
    if (!data.overall) return
    sectionOf(data.overall.slug)
      ?.querySelector('[data-shapes]')
      ?.replaceChildren(
        ...data.overall.workloads.map((/** @type {string} */ name, /** @type {number} */ index) =>
          element('span', {}, symbol(data.shapes[index % data.shapes.length], theme.ink), name),
        ),
      )
  }

  function drawLegends() {
    const theme = data.themes[themeName()]
    drawShapes(theme)
    for (const workload of sections) {
      const place = sectionOf(workload.slug)?.querySelector('[data-legend]')
      if (!place) continue
      const present = new Set(workload.points.map((/** @type {any} */ p) => p.deployment))
      place.replaceChildren(
        ...chartViews.legendButtons(
          data.series.flatMap((/** @type {string} */ name, /** @type {number} */ index) => {
            if (!present.has(name)) return []
            const colour = theme.series[index % theme.series.length]
            // Where shape tells the workload, it must not seem to tell the deployment as well.
            return [{ name, mark: symbol(workload.overall ? 'dot' : data.shapes[index % data.shapes.length], colour) }]
          }),
          state.focus,
          (/** @type {string[] | null} */ focus) => {
            state.focus = focus
            state.variant = null
            signalAll('variant', null)
            signalAll('focus', focus)
            drawVariants()
            drawLegends()
          },
        ),
      )
    }
  }

  /** A button a variant: its deployments in focus, and its frontier alone; one for all of them. */
  function drawVariants() {
    for (const workload of sections) {
      const place = /** @type {HTMLElement | null} */ (sectionOf(workload.slug)?.querySelector('[data-variants]'))
      const names = [...new Set(workload.points.flatMap((/** @type {any} */ { variant }) => variant ?? []))]
      if (!place || names.length < 2) continue
      place.hidden = false
      place.replaceChildren(
        ...[null, ...names].map(variant => {
          const pressed = String(variant === state.variant)
          const button = element('button', { type: 'button', 'aria-pressed': pressed }, variant ?? 'All variants')
          button.addEventListener('click', () => choose(variant))
          return button
        }),
      )
    }
  }

  /** @param {string | null} variant */
  function choose(variant) {
    state.variant = variant
    const own = [...pointsByKey.values()].filter(point => point.variant === variant)
    state.focus = variant === null ? null : [...new Set(own.map(point => point.deployment))]
    signalAll('variant', variant)
    signalAll('focus', state.focus)
    drawVariants()
    drawLegends()
  }

  function drawPercentiles() {
    for (const place of document.querySelectorAll('[data-percentiles]')) {
      place.replaceChildren(
        ...['p50', 'p95', 'p99'].map(percentile => {
          const pressed = String(percentile === state.percentile)
          const button = element('button', { type: 'button', 'aria-pressed': pressed }, percentile)
          button.addEventListener('click', () => {
            state.percentile = percentile
            signalAll('percentile', percentile)
            drawPercentiles()
          })
          return button
        }),
      )
    }
  }

  // ---- the selected point

  /** @param {number | null} ms */
  const time = ms => (ms === null ? '–' : ms < 1000 ? `${figure(ms)} ms` : `${figure(ms / 1000)} s`)
  /** @param {any} point @param {'x' | 'y'} axis */
  const range = (point, axis) =>
    point[`${axis}Low`] === null ? '' : `${figure(point[`${axis}Low`])} to ${figure(point[`${axis}High`])}`

  function drawDetail() {
    const point = pointsByKey.get(state.point)
    for (const row of document.querySelectorAll('tr[aria-current]')) row.removeAttribute('aria-current')
    signalAll('selected', state.point)
    if (!point) return
    const own = sections.find(w => w.slug === state.workload)
    const section = sectionOf(state.workload)
    const standing = own?.overall ? data.overall.standing[point.key] : point.standing
    section?.querySelector(`tr[data-key="${CSS.escape(point.key)}"]`)?.setAttribute('aria-current', 'true')
    const { workers, settings } = data.deployments[point.deployment] ?? { workers: '', settings: '' }
    const rows = [
      ['Workers', workers],
      ...(settings === '' ? [] : [['Engine settings', settings]]),
      ['Tokens/s per user', figure(point.x), range(point, 'x')],
      ['Tokens/s per GPU', figure(point.y), range(point, 'y')],
      ['TTFT p50 / p95 / p99', [point.ttftP50, point.ttftP95, point.ttftP99].map(time).join(' / ')],
      ...(point.ttfoP95 === undefined
        ? []
        : [['TTFO p50 / p95 / p99', [point.ttfoP50, point.ttfoP95, point.ttfoP99].map(time).join(' / ')]]),
      ['ITL p50 / p95 / p99', [point.itlP50, point.itlP95, point.itlP99].map(time).join(' / ')],
      ['GPUs', String(point.gpus)],
      ['Meets the SLO', point.slo],
      ['Valid repeats', `${point.validRepeats} of ${point.repeats}`],
      [
        'Requests',
        point.detail.requests === undefined
          ? '–'
          : `${point.detail.requests.toLocaleString('en-US')}, ${point.detail.failed} failed`,
      ],
      [point.detail.ids.length > 1 ? 'Point ids' : 'Point id', point.detail.ids.join(', ')],
    ]
    section?.querySelector('.detail')?.replaceChildren(
      element('p', { class: 'eyebrow' }, point.recommended && !own?.overall ? 'Recommended point' : 'Selected point'),
      element('h4', {}, point.deployment),
      element('p', { class: 'at' }, own?.overall ? `${point.load}, workload ${point.workload}` : point.load),
      element('p', { class: `standing ${point.status}` }, standing),
      list(rows),
      ...repeat(point.detail),
      ...allFigures(point.detail),
      ...models(point.detail),
      ...cache(point.detail),
      ...speculation(point.detail),
      ...gpus(point.detail),
      ...server(point.detail),
    )
    for (const view of detailViews.splice(0)) view.finalize()
    section?.querySelector('.spreads')?.replaceChildren(...distributions(point))
    section?.querySelector('.time-series')?.replaceChildren(...timeSeries(point))
  }

  const wide = new Set(['Workers', 'Engine settings', 'TTFT p50 / p95 / p99', 'ITL p50 / p95 / p99', 'Point id', 'Point ids'])

  /** @param {string[][]} rows name, value, and what is said more quietly */
  const list = rows =>
    element(
      'dl',
      {},
      ...rows.map(([name, value, aside]) =>
        element('div', wide.has(name ?? '') ? { class: 'wide' } : {}, element('dt', {}, name ?? ''), element('dd', {}, value ?? '', ...(aside ? [' ', element('span', {}, aside)] : []))),
      ),
    )

  /**
   * A small chart in the page, drawn once its place has a width. Its specification is shared, its data given by name.
   * @param {string} title @param {number} spec @param {Record<string, object[]>} rows @param {Record<string, string>} attributes
   * @param {Record<string, unknown>} [signals]
   */
  function stamp(title, spec, rows, attributes, signals = {}) {
    const theme = data.themes[themeName()]
    const place = element('div', { class: 'stamp', ...attributes })
    requestAnimationFrame(() => {
      if (!place.isConnected) return
      const view = viewOf(data.specs[spec], place, theme)
      detailViews.push(view)
      for (const [name, value] of Object.entries(signals)) view.signal(name, value)
      for (const [name, values] of Object.entries(rows)) view.data(name, values)
      view.runAsync()
    })
    return element('div', {}, element('p', { class: 'stamp-title' }, title), place)
  }

  /** The data of a picture for those who don't see it. @param {string} title @param {string[]} head @param {string[][]} rows */
  function dataTable(title, head, rows) {
    const cells = (/** @type {string} */ tag, /** @type {string[]} */ row) => element('tr', {}, ...row.map(text => element(tag, {}, text)))
    const table = element('table', {}, element('thead', {}, cells('th', head)), element('tbody', {}, ...rows.map(row => cells('td', row))))
    const scroll = element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Table' }, table)
    return element('details', { class: 'behind' }, element('summary', {}, `${title}, as a table`), scroll)
  }

  /** How TTFT, ITL and latency are distributed over the requests of a point. @param {any} point */
  function distributions(point) {
    const present = [
      ['ttft', 'TTFT, ms'],
      ['itl', 'ITL, ms'],
      ['latency', 'Request latency, ms'],
    ].filter(([name]) => point.detail[name ?? ''])
    if (present.length === 0) return []
    const title = `Share of requests at or below, ${point.deployment} at ${point.load}`
    const stamps = present.map(([name = '', text = '']) => {
      const quantiles = point.detail[name].map((/** @type {number} */ ms, /** @type {number} */ i) => ({ ms, percent: data.percents[i] }))
      return stamp(text, data.distribution, { quantiles }, { 'data-distribution': name })
    })
    const rows = data.percents.map((/** @type {number} */ percent, /** @type {number} */ i) => [
      `${percent}%`,
      ...present.map(([name = '']) => figure(point.detail[name][i])),
    ])
    const table = dataTable('Latency distributions', ['At or below', ...present.map(([, text = '']) => text)], rows)
    return [element('p', { class: 'stamp-title' }, title), ...stamps, table]
  }

  const panels = /** @type {const} */ ([
    ['running', 'Requests running'],
    ['waiting', 'Requests waiting'],
    ['kv', 'KV cache in use, %'],
    ['ttft', 'TTFT, ms: server (lines), client (dashes)'],
    ['gpu-utilization', 'GPU utilization, %: mean by role'],
    ['gpu-power', 'Power of a GPU, W: mean by role'],
    ['gpu-memory', 'GPU memory in use, GiB: mean by role'],
    ['gpu-clock', 'SM clock, MHz: mean by role'],
    ['gpu-pcie', 'PCIe of a GPU, GB/s both ways: mean by role'],
    ['gpu-nvlink', 'NVLink of a GPU, GB/s both ways: mean by role'],
  ])

  /** How the server and its GPUs went through a point, by their own metrics, and what the client saw. @param {any} point */
  function timeSeries(point) {
    /** @type {[string, string, string, number[]][]} */
    const lines = (data.timeSeries[point.key] ?? []).map((/** @type {[string, number, number, number[]]} */ [panel, source, metric, flat]) => [
      panel,
      data.names[source],
      data.names[metric],
      flat,
    ])
    if (lines.length === 0) return []
    const pairs = (/** @type {number[]} */ flat) => Array.from({ length: flat.length / 2 }, (_, i) => ({ s: flat[2 * i] ?? 0, value: flat[2 * i + 1] ?? 0 }))
    const sources = [...new Set(lines.map(([, source]) => source))]
    const stamps = panels.flatMap(([panel, title]) => {
      const samples = lines.flatMap(([of, name, , flat]) => (of === panel ? pairs(flat).map(sample => ({ ...sample, name })) : []))
      if (samples.length === 0) return []
      const seen = [
        { name: 'client p50', value: point.ttftP50 },
        { name: 'client p95', value: point.ttftP95 },
      ]
      const levels = panel === 'ttft' ? seen.filter(level => level.value !== null) : []
      const present = sources.filter(source => samples.some(({ name }) => name === source))
      return [stamp(title, data.timeSeriesSpec, { samples, levels }, { 'data-time-series': panel }, { sources, present })]
    })
    const rows = lines.map(([panel, source, metric, flat]) => [
      panels.find(([name]) => name === panel)?.[1].replace(/:.*/, '') ?? '',
      source,
      metric,
      pairs(flat).map(({ s, value }) => `${figure(s)} s: ${figure(value)}`).join('; '),
    ])
    const whose = lines.some(([panel]) => panel.startsWith('gpu-')) ? ['The server and its GPUs', 'their'] : ['The server', 'its']
    const title = `${whose[0]} through this point, by ${whose[1]} own metrics${point.validRepeats > 1 ? ' (one repeat)' : ''}`
    const table = dataTable('Server metrics over time', ['What', 'Source', 'Metric', 'Time series'], rows)
    return [element('p', { class: 'stamp-title' }, title), ...stamps, table]
  }

  /** The command that measures the point again; a click selects all of it. @param {any} detail */
  function repeat(detail) {
    if (data.repeat === null) return []
    const words = detail.ids.map((/** @type {string} */ id) => `--only ${id}`)
    const code = element('code', { class: 'all', tabindex: '0' }, [data.repeat, ...words].join(' '))
    return [element('p', { class: 'again' }, 'Measure it again'), element('pre', {}, code)]
  }

  /** @param {string} unit @param {number | null} value */
  const valueText = (unit, value) => {
    if (unit === 'ms') return time(value)
    if (value === null) return figure(value)
    const noun = unit === 'tokens' && figure(value) === '1' ? 'token' : unit
    return unit === '%' ? `${figure(100 * value)}%` : `${figure(value)} ${noun}`
  }

  /** Every figure that the point has. @param {any} detail */
  function allFigures(detail) {
    const rows = data.figures.flatMap((/** @type {[string, string]} */ [title, unit], /** @type {number} */ i) => {
      const value = detail.figures[i] ?? null
      return value === null ? [] : [[title, valueText(unit, value)]]
    })
    return rows.length === 0 ? [] : [element('details', { class: 'figures' }, element('summary', {}, 'All figures'), list(rows))]
  }

  /** Figures by the name that requests carried, where several were mixed. @param {any} detail */
  function models(detail) {
    if (detail.models === undefined) return []
    return [element('details', { class: 'cache' }, element('summary', {}, 'By model'), list(detail.models))]
  }

  /** What is known of the prefix cache. @param {any} detail */
  function cache(detail) {
    if (detail.cache === undefined) return []
    return [element('details', { class: 'cache' }, element('summary', {}, 'Prefix cache: tokens reused'), list(detail.cache))]
  }

  /** What is known of speculative decoding. @param {any} detail */
  function speculation(detail) {
    if (detail.speculation === undefined) return []
    return [element('details', { class: 'speculation' }, element('summary', {}, 'Speculative decoding'), list(detail.speculation))]
  }

  /** What the GPUs of each role did. @param {any} detail */
  function gpus(detail) {
    if (detail.gpus === undefined) return []
    return [element('details', { class: 'gpus' }, element('summary', {}, 'GPUs by role'), list(detail.gpus))]
  }

  /** The server's own metrics through the point. @param {any} detail */
  function server(detail) {
    if (detail.server.length === 0) return []
    const rows = detail.server.map((/** @type {[number, number, number]} */ [name, mean, most]) => [data.names[name], `mean ${figure(mean)}, max ${figure(most)}`])
    return [element('details', {}, element('summary', {}, 'Server metrics'), list(rows))]
  }

  // ---- the URL holds what is shown: #workload=…&point=…

  /** @param {{workload?: string, point?: string}} change */
  function go(change) {
    const next = new URLSearchParams(location.hash.slice(1))
    if (change.workload !== undefined) next.set('workload', change.workload)
    if (change.point !== undefined) next.set('point', change.point)
    history.replaceState(null, '', `#${next}`)
    show()
  }

  function show() {
    const asked = new URLSearchParams(location.hash.slice(1))
    const point = pointsByKey.get(asked.get('point') ?? '')
    const slug = point && !asked.has('workload') ? point.slug : (asked.get('workload') ?? point?.slug)
    if (slug && sectionOf(slug)) state.workload = slug
    const own = sections.find(w => w.slug === state.workload)
    const recommended =
      own?.points.find((/** @type {any} */ p) => p.recommended) ??
      own?.points.find((/** @type {any} */ p) => own.overall && p.onFrontier) ??
      own?.points[0]
    state.point = point && (own?.overall || point.slug === state.workload) ? point.key : (recommended?.key ?? '')
    for (const section of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-workload]')))
      section.hidden = section.dataset.workload !== state.workload
    for (const tab of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-tab]'))) {
      if (tab.dataset.tab === state.workload) tab.setAttribute('aria-current', 'true')
      else tab.removeAttribute('aria-current')
    }
    drawWorkload()
    drawDetail()
  }

  addEventListener('hashchange', () => {
    const asked = new URLSearchParams(location.hash.slice(1))
    if (!asked.has('workload') && !asked.has('point')) return
    show()
    if (!asked.has('point')) sectionOf(state.workload)?.scrollIntoView()
  })

  // ---- theme

  const toggle = /** @type {HTMLElement | null} */ (document.querySelector('[data-theme-toggle]'))
  function redraw() {
    drawLegends()
    drawWorkload()
    drawDetail()
  }
  toggle?.addEventListener('click', () => {
    root.dataset.theme = themeName() === 'dark' ? 'light' : 'dark'
    redraw()
  })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw)

  // ---- paper is white: what is drawn for a dark screen is drawn again for it

  /** @type {string | undefined} */
  let onScreen
  let printing = false
  addEventListener('beforeprint', () => {
    onScreen = root.dataset.theme
    printing = true
    root.dataset.theme = 'light'
    redraw()
  })
  addEventListener('afterprint', () => {
    if (!printing) return
    printing = false
    if (onScreen === undefined) delete root.dataset.theme
    else root.dataset.theme = onScreen
    redraw()
  })

  // ---- begin

  if (toggle) toggle.hidden = false
  const tabs = /** @type {HTMLElement | null} */ (document.querySelector('[data-tabs]'))
  if (tabs) tabs.hidden = data.workloads.length < 2
  root.classList.add('drawn')
  drawVariants()
  drawLegends()
  drawPercentiles()
  show()
  Object.assign(globalThis, { fulcrumReport: { views, data, state } })
})()
