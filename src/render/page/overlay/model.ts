import { type OverlayData, unpacked } from './data.ts'

/** The points of an overlay in memory; NaN for unmeasured figures. */
export interface OverlayModel {
  readonly data: OverlayData
  readonly length: number
  readonly run: Uint32Array
  readonly workload: Uint32Array
  readonly facets: readonly Uint32Array[]
  readonly kind: Uint32Array
  readonly deployment: Uint32Array
  readonly load: Uint32Array
  readonly reason: Uint32Array
  readonly gpus: Uint32Array
  readonly status: Uint32Array
  readonly slo: Uint32Array
  readonly valid: Uint32Array
  readonly repeats: Uint32Array
  readonly ids: readonly string[]
  readonly figures: ReadonlyMap<string, Float64Array>
  /** Index of a point by the label of its run and an id, because the same point has the same id in several runs. */
  readonly find: (label: string, id: string) => number | undefined
}

/** Decodes the page's data. */
export function modelOf(data: OverlayData): OverlayModel {
  const { points } = data
  const length = points.ids.length
  const run = unpacked(points.run, length)
  const byId = new Map(points.ids.flatMap((ids, i) => ids.split(' ').map(id => [`${run[i]} ${id}`, i] as const)))
  const column = (packed: typeof points.run) => unpacked(packed, length)
  return {
    data,
    length,
    run,
    workload: column(points.workload),
    facets: points.facets.map(column),
    kind: column(points.kind),
    deployment: column(points.deployment),
    load: column(points.load),
    reason: column(points.reason),
    gpus: column(points.gpus),
    status: column(points.status),
    slo: column(points.slo),
    valid: column(points.valid),
    repeats: column(points.repeats),
    ids: points.ids,
    figures: new Map(
      Object.entries(points.figures).map(([name, values]) => [
        name,
        Float64Array.from(values, value => value ?? Number.NaN),
      ]),
    ),
    find: (label, id) => byId.get(`${data.runs.findIndex(of => of.label === label)} ${id}`),
  }
}
