import { Graph, layout } from '@dagrejs/dagre'
import { shortest } from './circles.ts'
import type { Room } from './rooms.ts'

/** Px; text is drawn in 14 px. */
const box = { height: 40, padding: 14, perLetter: 7.8 }
const margin = 16

interface Placed {
  readonly name: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface Drawing {
  readonly width: number
  readonly height: number
  /** Centres and sizes, px. */
  readonly boxes: readonly Placed[]
  readonly arrows: readonly { readonly from: string; readonly to: string; readonly points: readonly Point[] }[]
}

interface Point {
  readonly x: number
  readonly y: number
}

/** Rooms in layers, each above all that it imports; an arrow that others together say is left out. */
export function draw(rooms: readonly Room[], imports: ReadonlyMap<string, ReadonlySet<string>>): Drawing {
  const graph = new Graph()
  graph.setGraph({ rankdir: 'TB', nodesep: 26, ranksep: 40, marginx: margin, marginy: margin })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const { name } of rooms)
    graph.setNode(name, { width: name.length * box.perLetter + 2 * box.padding, height: box.height })
  const arrows = shortest(imports)
  for (const [from, to] of arrows) graph.setEdge(from, to)
  layout(graph)
  const { width = 0, height = 0 } = graph.graph() as { readonly width?: number; readonly height?: number }
  return {
    width: Math.ceil(width),
    height: Math.ceil(height),
    boxes: rooms.map(({ name }) => ({ ...(graph.node(name) as Omit<Placed, 'name'>), name })),
    arrows: arrows.map(([from, to]) => {
      const { points } = graph.edge({ v: from, w: to }) as { readonly points: readonly Point[] }
      const [above, below] = [from, to].map(name => graph.node(name) as Omit<Placed, 'name'>)
      if (above === undefined || below === undefined) throw new Error(`no place for ${from} or ${to}`)
      // Only what passes a layer has to bend there; an end spreads towards where its arrow goes.
      const between = points.slice(1, -1).filter(({ y }) => y > above.y + above.height && y < below.y - below.height)
      const spread = (own: typeof above, towards: number) =>
        own.x + Math.max(-own.width / 4, Math.min(own.width / 4, (towards - own.x) / 6))
      const start = { x: spread(above, (between[0] ?? below).x), y: above.y + above.height / 2 }
      const stop = { x: spread(below, (between.at(-1) ?? above).x), y: below.y - below.height / 2 }
      return { from, to, points: [start, ...between, stop] }
    }),
  }
}

/** The drawing as SVG that follows the reader's colour scheme. */
export function svgOf({ width, height, boxes, arrows }: Drawing): string {
  const px = (value: number) => String(Math.round(value * 10) / 10)
  const lines = arrows.map(
    ({ from, to, points }) =>
      `  <path class="arrow" d="${curve(points, px)}"><title>${from} imports ${to}</title></path>`,
  )
  const rects = boxes.map(
    ({ name, x, y, width: w, height: h }) =>
      `  <g><rect class="room" x="${px(x - w / 2)}" y="${px(y - h / 2)}" width="${px(w)}" height="${px(h)}" rx="6"/>` +
      `<text x="${px(x)}" y="${px(y)}">${name}</text></g>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
  <title>The rooms of src/ and what they import</title>
  <style>
    .room { fill: #f3f6fa; stroke: #4a5b70; }
    .arrow { fill: none; stroke: #6b7b8f; stroke-width: 1.3; marker-end: url(#head); }
    #head path { fill: #6b7b8f; }
    text { fill: #16202c; font: 14px ui-sans-serif, system-ui, sans-serif; text-anchor: middle; dominant-baseline: central; }
    @media (prefers-color-scheme: dark) {
      .room { fill: #1d2733; stroke: #8fa3bb; }
      .arrow { stroke: #8fa3bb; }
      #head path { fill: #8fa3bb; }
      text { fill: #e6edf5; }
    }
  </style>
  <defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>
${[...lines, ...rects].join('\n')}
</svg>
`
}

/**
 * From the bottom of one box to the top of another, upright at both and where it passes between the boxes of a layer.
 */
function curve(points: readonly Point[], px: (value: number) => string): string {
  const [first, ...rest] = points
  if (first === undefined) return ''
  const at = ({ x, y }: Point) => `${px(x)} ${px(y)}`
  const parts = rest.map((point, i) => {
    const before = points[i] ?? first
    const middle = (before.y + point.y) / 2
    return `C${px(before.x)} ${px(middle)} ${px(point.x)} ${px(middle)} ${at(point)}`
  })
  return `M${at(first)}${parts.join('')}`
}
