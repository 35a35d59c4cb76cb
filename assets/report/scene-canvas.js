// @ts-check
/**
 * Draws a scene of src/render/page/overlay/scene.ts on a canvas. Marks are sprites that are copied into a buffer of
 * pixels: 40,000 paths take a canvas 50 to 90 ms, and this a few (docs/bench/report.md).
 */
;(() => {
  /** @typedef {import('../../src/render/page/overlay/scene.ts').Scene} Scene */
  /** @typedef {import('../../src/render/page/overlay/scene.ts').Marks} Marks */
  /** @typedef {import('../../src/render/page/overlay/scene.ts').MarkStyle} MarkStyle */

  /** @type {Map<string, {pixels: Uint32Array, size: number}>} */
  let sprites = new Map()
  /** @type {ImageData | null} */
  let buffer = null
  /** The style of the mark that was drawn last at a pixel, and one. */
  let last = new Uint16Array(0)
  const layer = document.createElement('canvas')

  /** @param {CanvasRenderingContext2D} context @param {MarkStyle | undefined} style */
  function paint(context, style) {
    if (style === undefined) return
    const path = new Path2D(style.path)
    context.scale(style.radius, style.radius)
    if (style.fill !== null) {
      context.fillStyle = style.fill
      context.fill(path)
    }
    if (style.stroke !== null) {
      context.lineWidth = style.strokeWidth / style.radius
      context.strokeStyle = style.stroke
      context.stroke(path)
    }
  }

  /** @param {MarkStyle} style @param {number} ratio */
  function spriteOf(style, ratio) {
    const key = `${ratio} ${JSON.stringify(style)}`
    const known = sprites.get(key)
    if (known !== undefined) return known
    const half = Math.ceil((style.radius * 1.3 + style.strokeWidth) * ratio) + 1
    const size = 2 * half + 1
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = size
    const context = canvas.getContext('2d', { willReadFrequently: true })
    if (context === null) throw new Error('no canvas')
    context.translate(half + 0.5, half + 0.5)
    context.scale(ratio, ratio)
    paint(context, style)
    const made = { pixels: new Uint32Array(context.getImageData(0, 0, size, size).data.buffer), size }
    sprites.set(key, made)
    return made
  }

  /** One colour over another, both with their alpha. @param {number} top @param {number} under */
  function blended(top, under) {
    const ta = top >>> 24
    if (under >>> 24 === 255) {
      // Red and blue at once: both fit beside each other.
      const over = ta + (ta >>> 7)
      const redAndBlue = (((top & 0xff00ff) * over + (under & 0xff00ff) * (256 - over)) / 256) & 0xff00ff
      const green = (((top >>> 8) & 255) * over + ((under >>> 8) & 255) * (256 - over)) & 0xff00
      return (0xff000000 | redAndBlue | green) >>> 0
    }
    const rest = ((under >>> 24) * (255 - ta)) / 255
    const alpha = ta + rest
    const mix = (/** @type {number} */ shift) => Math.round((((top >>> shift) & 255) * ta + ((under >>> shift) & 255) * rest) / alpha)
    return ((Math.round(alpha) << 24) | (mix(16) << 16) | (mix(8) << 8) | mix(0)) >>> 0
  }

  /**
   * @param {CanvasRenderingContext2D} context @param {Marks} of @param {Scene} drawn @param {number} ratio
   */
  function stamp(context, of, drawn, ratio) {
    if (of.x.length === 0) return
    const width = Math.round(drawn.width * ratio)
    const height = Math.round(drawn.height * ratio)
    if (buffer === null || buffer.width !== width || buffer.height !== height) buffer = new ImageData(width, height)
    const target = new Uint32Array(buffer.data.buffer)
    target.fill(0)
    const [left, right] = [Math.round(drawn.plot.left * ratio), Math.round(drawn.plot.right * ratio)]
    const [top, bottom] = [Math.round(drawn.plot.top * ratio), Math.round(drawn.plot.bottom * ratio)]
    // Marks that lie on each other, pixel for pixel, are one.
    if (last.length !== width * height) last = new Uint16Array(width * height)
    else last.fill(0)
    /** @type {({pixels: Uint32Array, size: number} | undefined)[]} */
    const made = []
    for (let n = 0; n < of.x.length; n++) {
      const style = of.style[n]
      const place = Math.round(of.y[n] * ratio) * width + Math.round(of.x[n] * ratio)
      if (last[place] === style + 1) continue
      last[place] = style + 1
      const { pixels, size } = (made[style] ??= spriteOf(drawn.styles[style], ratio))
      const half = (size - 1) / 2
      const x0 = Math.round(of.x[n] * ratio) - half
      const y0 = Math.round(of.y[n] * ratio) - half
      for (let dy = Math.max(0, top - y0); dy < size && y0 + dy <= bottom; dy++) {
        const row = (y0 + dy) * width
        for (let dx = Math.max(0, left - x0); dx < size && x0 + dx <= right; dx++) {
          const pixel = pixels[dy * size + dx] ?? 0
          if (pixel === 0) continue
          const at = row + x0 + dx
          const under = target[at] ?? 0
          target[at] = under === 0 || pixel >>> 24 === 255 ? pixel : blended(pixel, under)
        }
      }
    }
    layer.width = width
    layer.height = height
    layer.getContext('2d')?.putImageData(buffer, 0, 0)
    context.drawImage(layer, 0, 0, drawn.width, drawn.height)
  }

  /**
   * @param {HTMLCanvasElement} canvas it becomes as large as the scene
   * @param {Scene} drawn
   * @param {number} ratio pixels of the canvas per CSS pixel
   * @param {{paper: string | null, font: string}} look no paper for a canvas that the page shines through
   */
  function render(canvas, drawn, ratio, { paper, font }) {
    const context = canvas.getContext('2d')
    if (context === null) return
    canvas.width = Math.round(drawn.width * ratio)
    canvas.height = Math.round(drawn.height * ratio)
    context.scale(ratio, ratio)
    if (paper !== null) {
      context.fillStyle = paper
      context.fillRect(0, 0, drawn.width, drawn.height)
    }
    for (const line of drawn.lines) stroke(context, line)
    stamp(context, drawn.crowd, drawn, ratio)
    context.save()
    context.beginPath()
    const { left, right, top, bottom } = drawn.plot
    context.rect(left, top, right - left, bottom - top)
    context.clip()
    for (const line of drawn.frontiers) stroke(context, line)
    context.restore()
    stamp(context, drawn.front, drawn, ratio)
    for (const text of drawn.texts) write(context, text, drawn.styles, font)
  }

  /** @param {CanvasRenderingContext2D} context @param {import('../../src/render/page/overlay/scene.ts').SceneLine} line */
  function stroke(context, { points, stroke: colour, width, dashed }) {
    context.beginPath()
    for (let i = 0; i < points.length; i += 2) context.lineTo(points[i] ?? 0, points[i + 1] ?? 0)
    context.strokeStyle = colour
    context.lineWidth = width
    context.setLineDash(dashed ? [6, 4] : [])
    context.stroke()
    context.setLineDash([])
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {import('../../src/render/page/overlay/scene.ts').SceneText} text
   * @param {readonly MarkStyle[]} styles @param {string} font
   */
  function write(context, { x, y, text, anchor, size, bold, fill, turned, mark }, styles, font) {
    context.save()
    context.translate(x, y)
    if (mark !== undefined) {
      context.save()
      context.translate(-10, -4)
      paint(context, styles[mark])
      context.restore()
    }
    context.rotate((turned * Math.PI) / 180)
    context.font = `${bold ? '600 ' : ''}${size}px ${font}`
    context.textAlign = anchor === 'middle' ? 'center' : anchor
    context.fillStyle = fill
    context.fillText(text, 0, 0)
    context.restore()
  }

  Object.assign(globalThis, {
    sceneCanvas: {
      render,
      /** After another theme: its sprites have other colours. */
      forget: () => {
        sprites = new Map()
      },
    },
  })
})()
