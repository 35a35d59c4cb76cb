// @ts-check
/**
 * What pages with charts share: files of what is shown (SVG, PNG, CSV), the state in the address, and gestures for zoom
 * and pan. Loaded after the modules of src/render/page, whose functions do the arithmetic.
 */
;(() => {
  /** @type {typeof import('../../src/render/page/chart-modules.ts')} */
  const modules = /** @type {any} */ (globalThis).chartModules

  /**
   * Saves a file from the page.
   * @param {string} name @param {BlobPart} content @param {string} type
   */
  function download(name, content, type) {
    const url = URL.createObjectURL(new Blob([content], { type }))
    const link = document.createElement('a')
    link.href = url
    link.download = name
    link.click()
    // The browser takes the content when it begins to save, which may be after this turn.
    setTimeout(() => URL.revokeObjectURL(url), 60_000)
  }

  /**
   * A picture of an SVG's text, `scale` times as large. As a data URL, which is all that the pages' policy allows.
   * @param {string} svg @param {number} [scale] @returns {Promise<Blob>}
   */
  async function pngOf(svg, scale = 2) {
    const image = new Image()
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = Math.ceil(image.width * scale)
    canvas.height = Math.ceil(image.height * scale)
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height)
    return blobOf(canvas)
  }

  /** @param {HTMLCanvasElement} canvas @returns {Promise<Blob>} */
  const blobOf = canvas =>
    new Promise((resolve, reject) =>
      canvas.toBlob(blob => (blob === null ? reject(new Error('the browser made no picture')) : resolve(blob))),
    )

  /**
   * @typedef {object} Shown what is shown now, asked for when somebody saves it
   * @property {() => string} name of the file, without ending
   * @property {() => string | Promise<string>} [svg]
   * @property {() => Blob | Promise<Blob>} [png] made from the SVG when left out
   * @property {() => string} [csv]
   */

  /**
   * Buttons that save what is shown.
   * @param {HTMLElement} place @param {Shown} shown
   */
  function exportsOf(place, shown) {
    const { svg, csv } = shown
    const png = shown.png ?? (svg === undefined ? undefined : async () => pngOf(await svg()))
    /** @type {[string, string, (() => BlobPart | Promise<BlobPart>) | undefined][]} */
    const kinds = [
      ['svg', 'image/svg+xml', svg],
      ['png', 'image/png', png],
      ['csv', 'text/csv', csv],
    ]
    place.classList.add('exports')
    place.setAttribute('role', 'group')
    place.setAttribute('aria-label', 'Save what is shown')
    place.replaceChildren(
      ...kinds.flatMap(([kind, type, make]) => {
        if (make === undefined) return []
        const button = document.createElement('button')
        button.type = 'button'
        button.dataset.export = kind
        button.textContent = kind.toUpperCase()
        button.title = `Save what is shown as ${kind.toUpperCase()}`
        button.addEventListener('click', async () => download(`${shown.name()}.${kind}`, await make(), type))
        return [button]
      }),
    )
  }

  /**
   * The state of a page in its address. Setting it does not add to the history of the browser.
   * @param {import('../../src/render/page/link.ts').LinkState} defaults every key, as it is without being asked for
   * @param {(state: Record<string, string>) => void} changed called when somebody follows a link on the page or edits
   *   the address
   */
  function linkState(defaults, changed) {
    const read = () => ({ ...defaults, ...modules.stateOf(location.hash, Object.keys(defaults)) })
    addEventListener('hashchange', () => changed(read()))
    return {
      read,
      /** @param {Record<string, string>} state what is now as it says; the rest stays */
      write(state) {
        const hash = modules.hashOf(state, defaults, location.hash)
        history.replaceState(null, '', hash === '' ? location.pathname + location.search : `#${hash}`)
      },
    }
  }

  /**
   * @typedef {object} Gestures what the reader does; places in CSS pixels of the element
   * @property {(factor: number, x: number, y: number) => void} zoom above 1 shows less
   * @property {(dx: number, dy: number) => void} pan
   * @property {() => void} reset
   * @property {(x: number, y: number) => void} [hover]
   * @property {() => void} [leave]
   * @property {(x: number, y: number) => void} [click]
   */

  /**
   * Zoom and pan: drag, Ctrl or ⌘ with the wheel (the wheel alone scrolls the page), two fingers, double click, and the
   * keys + − 0 and arrows where the element has the focus.
   * @param {HTMLElement} element @param {Gestures} gestures
   */
  function gesturesOn(element, gestures) {
    element.style.touchAction = 'pan-y'
    if (element.tabIndex < 0) element.tabIndex = 0
    const place = (/** @type {{clientX: number, clientY: number}} */ { clientX, clientY }) => {
      const { left, top } = element.getBoundingClientRect()
      return { x: clientX - left, y: clientY - top }
    }
    /** @type {Map<number, {x: number, y: number}>} */
    const down = new Map()
    let moved = false
    element.addEventListener('pointerdown', event => {
      if (event.button !== 0) return
      if (down.size === 0) moved = false
      down.set(event.pointerId, place(event))
      // Without capture (the pointer may be gone already) only the end of a drag outside is missed.
      try {
        element.setPointerCapture(event.pointerId)
      } catch {}
    })
    element.addEventListener('pointermove', event => {
      const now = place(event)
      const before = down.get(event.pointerId)
      if (before === undefined) return gestures.hover?.(now.x, now.y)
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1]
      if (other !== undefined) {
        const apart = (/** @type {{x: number, y: number}} */ a) => Math.hypot(a.x - other.x, a.y - other.y)
        if (apart(before) > 10) gestures.zoom(apart(now) / apart(before), (now.x + other.x) / 2, (now.y + other.y) / 2)
        moved = true
      } else if (moved || Math.hypot(now.x - before.x, now.y - before.y) > 3) {
        moved = true
        gestures.leave?.()
        gestures.pan(now.x - before.x, now.y - before.y)
      } else return
      down.set(event.pointerId, now)
    })
    const up = (/** @type {PointerEvent} */ event) => {
      const was = down.delete(event.pointerId)
      if (was && !moved && down.size === 0 && event.type === 'pointerup') {
        const { x, y } = place(event)
        gestures.click?.(x, y)
      }
    }
    element.addEventListener('pointerup', up)
    element.addEventListener('pointercancel', up)
    element.addEventListener('pointerleave', () => gestures.leave?.())
    element.addEventListener('dblclick', event => {
      const { x, y } = place(event)
      gestures.zoom(event.shiftKey ? 0.5 : 2, x, y)
    })
    element.addEventListener(
      'wheel',
      event => {
        if (!event.ctrlKey && !event.metaKey) return
        event.preventDefault()
        const { x, y } = place(event)
        const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1
        gestures.zoom(Math.exp(Math.min(1, Math.max(-1, -event.deltaY * lines * 0.004))), x, y)
      },
      { passive: false },
    )
    element.addEventListener('keydown', event => {
      const { clientWidth: width, clientHeight: height } = element
      /** @type {Record<string, () => void>} */
      const keys = {
        '+': () => gestures.zoom(1.5, width / 2, height / 2),
        '=': () => gestures.zoom(1.5, width / 2, height / 2),
        '-': () => gestures.zoom(1 / 1.5, width / 2, height / 2),
        0: () => gestures.reset(),
        ArrowLeft: () => gestures.pan(width / 10, 0),
        ArrowRight: () => gestures.pan(-width / 10, 0),
        ArrowUp: () => gestures.pan(0, height / 10),
        ArrowDown: () => gestures.pan(0, -height / 10),
      }
      const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key]
      if (act === undefined) return
      event.preventDefault()
      act()
    })
  }

  /**
   * Buttons for zoom, for those who have neither wheel nor two fingers.
   * @param {HTMLElement} place @param {HTMLElement} chart @param {Gestures} gestures
   */
  function zoomButtons(place, chart, gestures) {
    /** @type {[string, string, () => void][]} */
    const kinds = [
      ['+', 'Zoom in', () => gestures.zoom(1.5, chart.clientWidth / 2, chart.clientHeight / 2)],
      ['−', 'Zoom out', () => gestures.zoom(1 / 1.5, chart.clientWidth / 2, chart.clientHeight / 2)],
      ['Reset zoom', 'Show everything', () => gestures.reset()],
    ]
    place.classList.add('zoom')
    place.setAttribute('role', 'group')
    place.setAttribute('aria-label', 'Zoom')
    place.replaceChildren(
      ...kinds.map(([text, title, act]) => {
        const button = document.createElement('button')
        button.type = 'button'
        button.textContent = text
        button.title = title
        if (text.length === 1) button.setAttribute('aria-label', title)
        button.addEventListener('click', act)
        return button
      }),
    )
  }

  const chartTools = { download, pngOf, blobOf, exportsOf, linkState, gesturesOn, zoomButtons }
  Object.assign(globalThis, { chartTools })
})()
