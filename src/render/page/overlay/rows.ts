import { type CsvCell, csvText } from '../csv.ts'
import type { Range } from '../range.ts'
import { sloAnswers, statuses } from './data.ts'
import type { OverlayModel } from './model.ts'
import type { Selection } from './selection.ts'

/** The visible range of both axes. */
export interface Window {
  readonly x: Range
  readonly y: Range
}

/**
 * The points of chart and table: those within the window (frontier points first, then by run and x), then those without
 * coordinates.
 */
export function shownPoints(model: OverlayModel, selection: Selection, window: Window): readonly number[] {
  const rest = selection.placed.filter(i => selection.onFrontier[i] === 0 && isWithin(selection, window, i))
  return [...shownFrontier(model, selection, window), ...rest.sort(byRunAndX(model, selection)), ...selection.unplaced]
}

/** The points of {@link shownPoints} that are on a frontier. */
export function shownFrontier(model: OverlayModel, selection: Selection, window: Window): readonly number[] {
  return selection.groups
    .flatMap(({ frontier }) => frontier.filter(i => isWithin(selection, window, i)))
    .sort(byRunAndX(model, selection))
}

/** Number of {@link shownPoints}, without sorting, because sorting 40,000 points takes longer than drawing them. */
export function shownCount(selection: Selection, window: Window): number {
  const { placed, unplaced } = selection
  return placed.reduce((count, i) => count + (isWithin(selection, window, i) ? 1 : 0), unplaced.length)
}

const byRunAndX =
  ({ run }: OverlayModel, { xs }: Selection) =>
  (a: number, b: number) =>
    (run[a] ?? 0) - (run[b] ?? 0) || (xs[a] ?? 0) - (xs[b] ?? 0)

function isWithin({ xs, ys }: Selection, { x, y }: Window, i: number): boolean {
  const [atX = Number.NaN, atY = Number.NaN] = [xs[i], ys[i]]
  return atX >= x.min && atX <= x.max && atY >= y.min && atY <= y.max
}

/** Position of a point relative to the frontier, in words. */
export function standingAt(model: OverlayModel, { onFrontier }: Selection, i: number): string {
  const status = statuses[model.status[i] ?? 0]
  const reason = model.data.texts[model.reason[i] ?? 0] ?? ''
  if (status !== 'ok') return reason === '' ? `${status}` : `${status}: ${reason}`
  if (model.slo[i] === 2) return 'misses its SLO'
  return onFrontier[i] === 1 ? 'on the frontier' : 'not on the frontier'
}

/** A row for each point, with every available axis. */
export function overlayCsv(model: OverlayModel, selection: Selection, shown: readonly number[]): string {
  const { data } = model
  const text = (column: Uint32Array, i: number) => data.texts[column[i] ?? 0] ?? ''
  const figures = [...model.figures]
  const header = [
    ...['run', 'run_id', 'workload', 'deployment', ...data.facets.map(({ name }) => name), 'load', 'gpus'],
    ...['status', 'reason', 'meets_slo', 'on_frontier', 'valid_repeats', 'repeats', 'kind'],
    ...[...figures.map(([name]) => name), 'point_ids'],
  ]
  const rows = shown.map((i): CsvCell[] => [
    data.runs[model.run[i] ?? 0]?.label ?? '',
    data.runs[model.run[i] ?? 0]?.runId ?? '',
    data.workloads[model.workload[i] ?? 0] ?? '',
    text(model.deployment, i),
    ...data.facets.map(({ values }, facet) => values[model.facets[facet]?.[i] ?? 0] ?? ''),
    text(model.load, i),
    model.gpus[i] ?? null,
    statuses[model.status[i] ?? 0] ?? '',
    text(model.reason, i),
    sloAnswers[model.slo[i] ?? 0] ?? '',
    selection.onFrontier[i] === 1 ? 'true' : 'false',
    model.valid[i] ?? null,
    model.repeats[i] ?? null,
    text(model.kind, i),
    ...figures.map(([, values]) => {
      const value = values[i] ?? Number.NaN
      return Number.isNaN(value) ? null : value
    }),
    model.ids[i] ?? '',
  ])
  return csvText(header, rows)
}
