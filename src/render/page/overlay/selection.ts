import { frontierOnFewestGpus } from '../../../analysis/frontier.ts'
import type { OverlayModel } from './model.ts'

/** The reader's selection. */
export interface Choice {
  /** Names of axes. */
  readonly x: string
  readonly y: string
  readonly logX: boolean
  readonly logY: boolean
  /** Labels of hidden runs. */
  readonly hidden: readonly string[]
  /** Workloads to show; null for all. */
  readonly workloads: readonly string[] | null
  /** Visible values by facet; a missing facet shows all. */
  readonly facets: { readonly [facet: string]: readonly string[] }
}

/** The frontier of one run, one workload and one kind of figures, so that a line never joins incomparable points. */
export interface Group {
  readonly run: number
  readonly workload: number
  /** Index of a text. */
  readonly kind: number
  /** Indices of points, from the worst x to the best. */
  readonly frontier: readonly number[]
}

/** Result of a selection. */
export interface Selection {
  /** Points with coordinates, in the order of the model. */
  readonly placed: readonly number[]
  /** Points without coordinates: failed, without a figure of an axis, or not above 0 on a logarithmic axis. */
  readonly unplaced: readonly number[]
  readonly groups: readonly Group[]
  /** Whether a point is on a frontier, by index. */
  readonly onFrontier: Uint8Array
  readonly xs: Float64Array
  readonly ys: Float64Array
}

/**
 * Selects points and finds their frontiers with the code of the analysis. Only valid points that meet their SLO (or
 * have none) can be on a frontier. Frontiers of runs that a new selection does not affect are not computed again.
 */
export function selector(model: OverlayModel): (choice: Choice) => Selection {
  const { data, length } = model
  const none = new Float64Array(length).fill(Number.NaN)
  let known = { axes: '', frontiers: new Map<number, readonly number[]>() }
  return choice => {
    const xs = model.figures.get(choice.x) ?? none
    const ys = model.figures.get(choice.y) ?? none
    const axes = JSON.stringify([choice.x, choice.y, choice.logX, choice.logY, choice.facets])
    if (known.axes !== axes) known = { axes, frontiers: new Map() }
    const isShownRun = data.runs.map(({ label }) => !choice.hidden.includes(label))
    const isShownWorkload = data.workloads.map(name => choice.workloads?.includes(name) ?? true)
    const isShownValue = data.facets.map(({ name, values }) =>
      values.map(value => choice.facets[name]?.includes(value) ?? true),
    )
    // Skips facets that hide nothing.
    const asked = isShownValue.flatMap((shown, facet) => (shown.every(Boolean) ? [] : [{ shown, facet }]))
    const hasValue = (i: number) => asked.every(({ shown, facet }) => shown[model.facets[facet]?.[i] ?? 0])
    const placed: number[] = []
    const unplaced: number[] = []
    const members = new Map<number, number[]>()
    for (let i = 0; i < length; i++) {
      const run = model.run[i] ?? 0
      const workload = model.workload[i] ?? 0
      if (!isShownRun[run] || !isShownWorkload[workload] || !hasValue(i)) continue
      if (!isPlace(xs[i], choice.logX) || !isPlace(ys[i], choice.logY)) {
        unplaced.push(i)
        continue
      }
      placed.push(i)
      if (model.status[i] !== 0 || model.slo[i] === 2) continue
      const key = ((model.kind[i] ?? 0) * data.workloads.length + workload) * data.runs.length + run
      const group = members.get(key)
      if (group === undefined) members.set(key, [i])
      else group.push(i)
    }
    const sign = (axis: string) => (data.axes.find(({ name }) => name === axis)?.better === 'lower' ? -1 : 1)
    const [signX, signY] = [sign(choice.x), sign(choice.y)]
    const frontierOfGroup = (points: readonly number[]) =>
      frontierOnFewestGpus(
        points.map(i => ({ x: signX * (xs[i] ?? 0), y: signY * (ys[i] ?? 0), gpus: model.gpus[i] ?? 0, i })),
      ).map(({ i }) => i)
    const onFrontier = new Uint8Array(length)
    const groups = [...members].map(([key, points]) => {
      const frontier = known.frontiers.get(key) ?? frontierOfGroup(points)
      known.frontiers.set(key, frontier)
      for (const i of frontier) onFrontier[i] = 1
      const [first = 0] = points
      return {
        run: model.run[first] ?? 0,
        workload: model.workload[first] ?? 0,
        kind: model.kind[first] ?? 0,
        frontier,
      }
    })
    return { placed, unplaced, groups, onFrontier, xs, ys }
  }
}

/** One choice of {@link selector}. */
export const select = (model: OverlayModel, choice: Choice): Selection => selector(model)(choice)

const isPlace = (value: number | undefined, log: boolean) =>
  value !== undefined && Number.isFinite(value) && (!log || value > 0)

/** Caveats for comparing frontiers, in full sentences. */
export function cautions(model: OverlayModel, { groups }: Selection): readonly string[] {
  const { data } = model
  const runs = [...new Set(groups.map(({ run }) => run))]
  const labels = (of: readonly number[]) => of.map(run => data.runs[run]?.label ?? '').join(', ')
  const said: string[] = []
  const workloads = [...new Set(groups.map(({ workload }) => workload))]
  if (workloads.length > 1)
    said.push(
      `${workloads.length} workloads are shown, each with frontiers of its own. Frontiers of different workloads cannot be compared.`,
    )
  const kinds = [...new Set(groups.map(({ kind }) => kind))]
  if (kinds.length > 1)
    said.push(
      `The figures are not of one kind, so their frontiers cannot be compared (dashed where they differ from the first): ${kinds
        .map(kind => {
          const own = [...new Set(groups.filter(group => group.kind === kind).map(({ run }) => run))]
          return `${labels(own)}: ${data.texts[kind] ?? ''}`
        })
        .join('; ')}.`,
    )
  const apart = runs.filter(run => (data.runs[run]?.conditions.length ?? 0) > 0)
  if (apart.length > 0 && (runs.length > 1 || runs[0] !== 0))
    said.push(
      `Measured under other conditions than ${data.runs[0]?.label ?? ''}: ${apart
        .map(run => `${labels([run])} (${data.runs[run]?.conditions.join(', ') ?? ''})`)
        .join('; ')}. A difference may come from these.`,
    )
  const incomplete = runs.flatMap(run => {
    const missing = data.runs[run]?.missing ?? 0
    return missing === 0
      ? []
      : [`${labels([run])} (${missing} ${missing === 1 ? 'point has' : 'points have'} no result)`]
  })
  if (incomplete.length > 0) said.push(`Not complete, so the frontier may be higher: ${incomplete.join(', ')}.`)
  return said
}

/** Whether a frontier is dashed, because its figures are of another kind than those of the first group. */
export function isOfOtherKind(group: Group, groups: readonly Group[]): boolean {
  return group.kind !== groups[0]?.kind
}
