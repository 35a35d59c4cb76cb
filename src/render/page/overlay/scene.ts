import { figure } from '../../views/format.ts'
import { type Range, shareOf, ticksOf } from '../range.ts'
import type { OverlayModel } from './model.ts'
import type { Window } from './rows.ts'
import { isOfOtherKind, type Selection } from './selection.ts'

/** Colors and fonts of the page's theme. */
export interface Look {
  readonly ink: string
  readonly muted: string
  readonly line: string
  readonly paper: string
  /** Series colors and shapes; each run has the pair with its index. */
  readonly series: readonly string[]
  readonly shapes: readonly string[]
  readonly font: string
}

/** A drawing in CSS pixels, which both canvas and SVG can render. */
export interface Scene {
  readonly width: number
  readonly height: number
  readonly plot: Box
  readonly lines: readonly SceneLine[]
  readonly texts: readonly SceneText[]
  readonly styles: readonly MarkStyle[]
  /** Frontiers, clipped to the plot, drawn between background and foreground marks. */
  readonly frontiers: readonly SceneLine[]
  readonly crowd: Marks
  readonly front: Marks
}

/** A rectangle in CSS pixels. */
export interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** A line in CSS pixels. */
export interface SceneLine {
  /** Alternating x and y. */
  readonly points: readonly number[]
  readonly stroke: string
  readonly width: number
  readonly dashed: boolean
}

/** A text at a position in CSS pixels. */
export interface SceneText {
  readonly x: number
  readonly y: number
  readonly text: string
  readonly anchor: 'start' | 'middle' | 'end'
  readonly size: number
  readonly bold: boolean
  readonly fill: string
  /** Degrees. */
  readonly turned: number
  /** Index of the style of a mark before the text. */
  readonly mark?: number
}

/** Shape and colors of a mark. */
export interface MarkStyle {
  /** SVG path of the shape with radius 1. */
  readonly path: string
  readonly radius: number
  readonly fill: string | null
  readonly stroke: string | null
  readonly strokeWidth: number
}

/** Marks of points as columns of equal length, x and y in CSS pixels. */
export interface Marks {
  readonly x: Float32Array
  readonly y: Float32Array
  readonly style: Uint16Array
  /** Index of the point. */
  readonly point: Uint32Array
}

/** Shapes with radius 1, by their names in the theme. */
const shapePaths: { readonly [shape: string]: string } = {
  circle: 'M0,-1A1,1 0 1,1 -0.002,-1Z',
  square: 'M-0.88,-0.88H0.88V0.88H-0.88Z',
  'triangle-up': 'M0,-1.1L1.08,0.84H-1.08Z',
  'triangle-down': 'M0,1.1L1.08,-0.84H-1.08Z',
  'triangle-right': 'M1.1,0L-0.84,1.08V-1.08Z',
  'triangle-left': 'M-1.1,0L0.84,1.08V-1.08Z',
  diamond: 'M0,-1.25L1,0L0,1.25L-1,0Z',
}
/** SVG path of the cross of an invalid point, with radius 1. */
const crossShape = 'M-0.9,-0.9L0.9,0.9M-0.9,0.9L0.9,-0.9'

/** Mark styles of a run: on the frontier, off it, missing the SLO, invalid. */
export const marksOfRun = 4
const kinds = { front: 0, crowd: 1, missed: 2, invalid: 3 } as const

/** Size of the drawing in CSS pixels. */
export interface SceneSize {
  readonly width: number
  readonly height: number
}

/** Builds the drawing of a selection. */
export function sceneOf(model: OverlayModel, selection: Selection, { window, size, look, axes }: SceneInput): Scene {
  const plot = { left: 66, top: 14, right: size.width - 14, bottom: size.height - 50 }
  const px = (x: number) => plot.left + shareOf(window.x, x) * (plot.right - plot.left)
  const py = (y: number) => plot.bottom - shareOf(window.y, y) * (plot.bottom - plot.top)
  const { lines, texts } = axesOf(window, plot, look, axes, px, py)
  const { placed, onFrontier, xs, ys, groups } = selection
  const crowded = placed.length > 4000
  const front: number[] = []
  const crowd: number[] = []
  const room = 8
  for (const i of placed) {
    const x = px(xs[i] ?? 0)
    const y = py(ys[i] ?? 0)
    if (x < plot.left - room || x > plot.right + room || y < plot.top - room || y > plot.bottom + room) continue
    if (onFrontier[i] === 1) front.push(i)
    else crowd.push(i)
  }
  const kindOf = (i: number) =>
    model.status[i] !== 0
      ? kinds.invalid
      : onFrontier[i] === 1
        ? kinds.front
        : model.slo[i] === 2
          ? kinds.missed
          : kinds.crowd
  const marks = (of: readonly number[]): Marks => ({
    x: Float32Array.from(of, i => px(xs[i] ?? 0)),
    y: Float32Array.from(of, i => py(ys[i] ?? 0)),
    style: Uint16Array.from(of, i => (model.run[i] ?? 0) * marksOfRun + kindOf(i)),
    point: Uint32Array.from(of),
  })
  return {
    ...size,
    plot,
    lines,
    texts: [...texts, ...workloadNames(model, selection, plot, look, px, py)],
    styles: model.data.runs.flatMap((_, run) => stylesOf(run, look, crowded)),
    frontiers: groups.map(group => ({
      points: staircase(
        group.frontier,
        i => px(xs[i] ?? 0),
        i => py(ys[i] ?? 0),
      ),
      stroke: colourOf(group.run, look),
      width: 1.8,
      dashed: isOfOtherKind(group, groups),
    })),
    crowd: marks(crowd),
    front: marks(front),
  }
}

/** Inputs of a drawing in addition to the selection. */
export interface SceneInput {
  readonly window: Window
  readonly size: SceneSize
  readonly look: Look
  /** Texts of the axes. */
  readonly axes: { readonly x: string; readonly y: string }
}

/** Color of the run with this index. Colors repeat after the last one. */
export const colourOf = (run: number, { series }: Look): string => series[run % series.length] ?? ''

/** SVG path of the shape of the run with this index. Shapes repeat after the last one. */
export const shapeOf = (run: number, { shapes }: Look): string =>
  shapePaths[shapes[run % shapes.length] ?? ''] ?? shapePaths.circle ?? ''

function stylesOf(run: number, look: Look, crowded: boolean): readonly MarkStyle[] {
  const colour = colourOf(run, look)
  const path = shapeOf(run, look)
  const small = crowded ? 2.4 : 3.6
  return [
    { path, radius: crowded ? 4 : 5, fill: colour, stroke: look.paper, strokeWidth: 0.8 },
    { path, radius: small, fill: mixed(colour, look.paper, 0.45), stroke: null, strokeWidth: 0 },
    { path, radius: small, fill: null, stroke: mixed(colour, look.paper, 0.8), strokeWidth: 1.2 },
    {
      path: crossShape,
      radius: crowded ? 3 : 4.4,
      fill: null,
      stroke: mixed(colour, look.paper, 0.8),
      strokeWidth: 1.5,
    },
  ]
}

/** Blends a color with the background at an opacity. Opaque marks draw faster and export identically. */
export function mixed(colour: string, paper: string, opacity: number): string {
  const parts = (hex: string) => [1, 3, 5].map(at => Number.parseInt(hex.slice(at, at + 2), 16))
  const under = parts(paper)
  const channels = parts(colour).map((over, i) => Math.round(over * opacity + (under[i] ?? 0) * (1 - opacity)))
  return `#${channels.map(channel => channel.toString(16).padStart(2, '0')).join('')}`
}

/**
 * The edge of the area that a frontier dominates. Nothing was measured between two points, so the line passes through
 * the corner that both dominate: the worse x of one and the worse y of the other.
 * @param frontier from the worst x to the best
 */
function staircase(
  frontier: readonly number[],
  px: (i: number) => number,
  py: (i: number) => number,
): readonly number[] {
  const points: number[] = []
  for (const [at, i] of frontier.entries()) {
    const before = frontier[at - 1]
    if (before !== undefined) points.push(px(before), py(i))
    points.push(px(i), py(i))
  }
  return points
}

/** Maximum number of labeled frontiers; more labels would overlap. */
const mostNames = 16

/** The workload at the end of each frontier, if a run has several. */
function workloadNames(
  { data }: OverlayModel,
  { groups, xs, ys }: Selection,
  plot: Box,
  look: Look,
  px: (x: number) => number,
  py: (y: number) => number,
): readonly SceneText[] {
  if (groups.length > mostNames || new Set(groups.map(({ workload }) => workload)).size < 2) return []
  return groups.flatMap(({ run, workload, frontier }) => {
    const ends = [frontier[0], frontier.at(-1)].flatMap(i =>
      i === undefined ? [] : [{ x: px(xs[i] ?? 0), y: py(ys[i] ?? 0) }],
    )
    const [end] = ends.toSorted((a, b) => a.y - b.y)
    if (end === undefined || end.x < plot.left || end.x > plot.right || end.y < plot.top || end.y > plot.bottom)
      return []
    const isLate = end.x > (plot.left + plot.right) / 2
    return [
      {
        x: end.x + (isLate ? -8 : 8),
        y: Math.max(plot.top + 10, end.y - 7),
        text: data.workloads[workload] ?? '',
        anchor: isLate ? ('end' as const) : ('start' as const),
        size: 11.5,
        bold: true,
        fill: colourOf(run, look),
        turned: 0,
      },
    ]
  })
}

function axesOf(
  window: Window,
  plot: Box,
  look: Look,
  titles: SceneInput['axes'],
  px: (x: number) => number,
  py: (y: number) => number,
): Pick<Scene, 'lines' | 'texts'> {
  const text = { size: 11.5, bold: false, fill: look.muted, turned: 0 }
  const rule = { stroke: look.line, width: 1, dashed: false }
  const across = ticksOf(window.x, Math.max(4, Math.floor((plot.right - plot.left) / 90)))
  const up = ticksOf(window.y, Math.max(4, Math.floor((plot.bottom - plot.top) / 60)))
  const middle = (plot.top + plot.bottom) / 2
  return {
    lines: [
      ...across.map(x => ({ ...rule, points: [px(x), plot.top, px(x), plot.bottom] })),
      ...up.map(y => ({ ...rule, points: [plot.left, py(y), plot.right, py(y)] })),
    ],
    texts: [
      ...across.map(x => ({
        ...text,
        x: px(x),
        y: plot.bottom + 17,
        text: tickText(x, window.x),
        anchor: 'middle' as const,
      })),
      ...up.map(y => ({
        ...text,
        x: plot.left - 8,
        y: py(y) + 4,
        text: tickText(y, window.y),
        anchor: 'end' as const,
      })),
      {
        ...text,
        ...{
          x: (plot.left + plot.right) / 2,
          y: plot.bottom + 40,
          text: titles.x,
          anchor: 'middle',
          size: 12.5,
          fill: look.ink,
        },
      },
      { ...text, ...{ x: 16, y: middle, text: titles.y, anchor: 'middle', size: 12.5, fill: look.ink, turned: -90 } },
    ],
  }
}

/** Uses enough digits to distinguish neighboring ticks. */
function tickText(value: number, { min, max, log }: Range): string {
  if (log || Math.abs(value) >= 1e6 || value === 0) return compactText(value)
  const digits = Math.max(0, Math.ceil(-Math.log10((max - min) / 20)))
  return value.toLocaleString('en-US', { maximumFractionDigits: Math.min(20, digits) })
}

const compactText = (value: number) =>
  Math.abs(value) >= 1e6 ? `${figure(value / 1e6)}M` : value.toLocaleString('en-US', { maximumSignificantDigits: 4 })

/** Title and legend around a drawing, for a standalone file. */
export interface Frame {
  readonly title: string
  readonly subtitle: string
  /** Index of a run, with its text. */
  readonly legend: readonly { readonly run: number; readonly text: string }[]
  /** Notes below the legend. */
  readonly notes: readonly string[]
}

/** Adds title and legend to a drawing. */
export function framed(scene: Scene, { title, subtitle, legend, notes }: Frame, look: Look): Scene {
  const above = 54
  const text = { anchor: 'start' as const, bold: false, turned: 0, fill: look.ink, size: 12 }
  const texts: SceneText[] = [
    { ...text, x: 14, y: 26, text: title, size: 15, bold: true },
    { ...text, x: 14, y: 45, text: subtitle, fill: look.muted },
  ]
  let x = 14
  let y = above + scene.height + 14
  for (const { run, text: label } of legend) {
    const width = 34 + textWidth(label, text.size)
    if (x > 14 && x + width > scene.width - 14) {
      x = 14
      y += 20
    }
    texts.push({ ...text, x: x + 18, y, text: label, mark: run * marksOfRun })
    x += width
  }
  for (const note of notes)
    for (const line of wrapped(note, scene.width - 28, text.size)) {
      y += 18
      texts.push({ ...text, x: 14, y, text: line, fill: look.muted })
    }
  const moved = (points: readonly number[]) => points.map((value, i) => (i % 2 === 0 ? value : value + above))
  const down = (marks: Marks) => ({ ...marks, y: marks.y.map(value => value + above) })
  return {
    ...scene,
    height: y + 16,
    plot: { ...scene.plot, top: scene.plot.top + above, bottom: scene.plot.bottom + above },
    lines: scene.lines.map(line => ({ ...line, points: moved(line.points) })),
    frontiers: scene.frontiers.map(line => ({ ...line, points: moved(line.points) })),
    texts: [...scene.texts.map(one => ({ ...one, y: one.y + above })), ...texts],
    crowd: down(scene.crowd),
    front: down(scene.front),
  }
}

/** Approximate width of a text in pixels, because files are laid out without a browser. */
const textWidth = (text: string, size: number) => text.length * size * 0.56

function wrapped(text: string, width: number, size: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && textWidth(longer, size) > width) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}

/** Renders a drawing as SVG. */
export function svgOf(scene: Scene, look: Look): string {
  const { width, height, plot, styles } = scene
  const used = new Set([...scene.crowd.style, ...scene.front.style, ...scene.texts.flatMap(({ mark }) => mark ?? [])])
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${attribute(look.font)}">`,
    `<defs><clipPath id="plot"><rect x="${plot.left}" y="${plot.top}" width="${plot.right - plot.left}" height="${plot.bottom - plot.top}"/></clipPath>`,
    ...[...used].sort((a, b) => a - b).map(style => symbolText(style, styles[style])),
    `</defs><rect width="${width}" height="${height}" fill="${look.paper}"/>`,
    ...scene.lines.map(lineText),
    '<g clip-path="url(#plot)">',
    marksText(scene.crowd),
    ...scene.frontiers.map(lineText),
    marksText(scene.front),
    '</g>',
    ...scene.texts.map(labelText),
    '</svg>\n',
  ]
  return parts.join('')
}

const number = (value: number) => String(Math.round(value * 10) / 10)

function symbolText(style: number, of: MarkStyle | undefined): string {
  if (of === undefined) return ''
  const { path, radius, fill, stroke, strokeWidth } = of
  const edge = stroke === null ? '' : ` stroke="${stroke}" stroke-width="${strokeWidth / radius}"`
  return `<path id="m${style}" d="${path}" transform="scale(${radius})" fill="${fill ?? 'none'}"${edge}/>`
}

function lineText({ points, stroke, width, dashed }: SceneLine): string {
  if (points.length < 4) return ''
  const corners = points.map((value, i) => `${i % 2 === 0 ? ' ' : ','}${number(value)}`).join('')
  return `<polyline points="${corners.trim()}" fill="none" stroke="${stroke}" stroke-width="${width}"${dashed ? ' stroke-dasharray="6 4"' : ''}/>`
}

function marksText({ x, y, style }: Marks): string {
  return Array.from(style, (of, i) => `<use href="#m${of}" x="${number(x[i] ?? 0)}" y="${number(y[i] ?? 0)}"/>`).join(
    '',
  )
}

function labelText({ x, y, text, anchor, size, bold, fill, turned, mark }: SceneText): string {
  const turn = turned === 0 ? '' : ` transform="rotate(${turned} ${number(x)} ${number(y)})"`
  const symbol = mark === undefined ? '' : `<use href="#m${mark}" x="${number(x - 10)}" y="${number(y - 4)}"/>`
  return `${symbol}<text x="${number(x)}" y="${number(y)}" text-anchor="${anchor}" font-size="${size}"${bold ? ' font-weight="600"' : ''} fill="${fill}"${turn}>${content(text)}</text>`
}

/** Escaped text without control characters, which XML does not allow. */
const content = (text: string) =>
  text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
const attribute = (text: string) => content(text).replaceAll('"', '&quot;')
