import type { TopLevelSpec } from 'vega-lite'
import { unitText } from '../../metrics/figures/energy.ts'
import { distributionSpec } from '../charts/distribution.ts'
import { chartsOf, overallPanel } from '../charts/registry.ts'
import { timeSeriesSpec } from '../charts/time-series.ts'
import { pointRows, type WorkloadChart } from '../charts/workload-chart.ts'
import { sampled } from '../views/chart-point.ts'
import { deploymentFacts } from '../views/deployment-facts.ts'
import { interned } from '../views/interned.ts'
import { pointDetail, quantilePercents } from '../views/point-detail.ts'
import { pointFigures } from '../views/point-figures.ts'
import { repeatCommand } from '../views/repeat-command.ts'
import type { Report, WorkloadReport } from '../views/report.ts'
import { timeSeriesWithin } from '../views/server-time-series.ts'
import { pageSpec, vegaConfigOf } from './render.ts'
import { dark, light, shapes } from './theme.ts'

/** Maximum points on the whole page, which keep it below 5 MB, and the minimum points of each workload. */
const mostPoints = 2000
const fewestPoints = 20

/** Data for the page's script. Specifications that several workloads share are included once. */
export function pageData(report: Report, charts?: readonly WorkloadChart[]) {
  const specs: object[] = []
  const known = new Map<string, number>()
  /** Specifications are compiled once, because workloads differ in data and rarely in specification. */
  const indexOf = (spec: TopLevelSpec) => {
    const text = JSON.stringify(spec)
    const at = known.get(text) ?? specs.push(pageSpec(spec)) - 1
    known.set(text, at)
    return at
  }
  const names = interned()
  // Omits figures that no point has, because they would appear as a dash in every point's details.
  const observed = report.analysis.figures.filter(({ name }) =>
    report.analysis.points.some(({ figures }) => figures[name] != null),
  )
  const measured = report.analysis.points.flatMap(({ valid }) => valid)
  const pointOf = new Map(report.analysis.points.map(point => [point.key, point]))
  const detailOf = (key: string) => {
    const point = pointOf.get(key)
    if (point === undefined) return undefined
    const { server, ...detail } = pointDetail(point)
    const figures = pointFigures(point, { figures: observed })
    return compact({ ...detail, figures, server: server.map(([name, mean, max]) => [names.indexOf(name), mean, max]) })
  }
  const distribution = indexOf(distributionSpec())
  const timeSeriesSpecIndex = indexOf(timeSeriesSpec())
  const workloads = report.sections.map(section => ({
    slug: section.slug,
    name: section.analysis.name,
    ...chartData(section, chartsOf(report, section, 'page', charts), indexOf),
    points: sampled(section.drawn, Math.max(fewestPoints, Math.floor(mostPoints / report.sections.length))).map(
      point => ({
        ...rounded(point),
        key: point.key,
        detail: detailOf(point.key),
      }),
    ),
  }))
  return {
    workloads,
    overall: overallData(report, indexOf, new Set(workloads.flatMap(({ points }) => points.map(({ key }) => key)))),
    specs,
    distribution,
    timeSeriesSpec: timeSeriesSpecIndex,
    timeSeries: timeSeriesData(report, names.indexOf),
    names: names.all,
    deployments: deploymentFacts(report),
    percents: quantilePercents,
    figures: observed.map(figure => [figure.title, unitText(figure, measured)]),
    repeat: repeatCommand(report.analysis.run.manifest),
    series: report.series,
    shapes,
    themes: {
      light: { ...light, config: vegaConfigOf(light) },
      dark: { ...dark, config: vegaConfigOf(dark) },
    },
  }
}

/**
 * Each picture with its specification and the name of its rows, and all rows other than the points, which the script
 * already has.
 */
function chartData(
  section: WorkloadReport,
  drawn: ReturnType<typeof chartsOf>,
  indexOf: (spec: TopLevelSpec) => number,
) {
  const others = new Map(drawn.map(({ chart: { data } }) => [data.name, data] as const))
  others.delete(pointRows.name)
  return {
    charts: drawn.flatMap(({ chart, panels }) =>
      panels.map(({ kind, spec }) => ({ kind, spec: indexOf(spec), rows: chart.data.name })),
    ),
    rows: Object.fromEntries([...others].map(([name, { rows }]) => [name, rows(section).map(rounded)])),
  }
}

/** The script already has the points, so only the fields that differ in the overall view are added, by key. */
function overallData(report: Report, indexOf: (spec: TopLevelSpec) => number, shown: ReadonlySet<string>) {
  const { overall } = report
  if (overall === null) return null
  return {
    slug: overall.slug,
    workloads: overall.workloads,
    spec: indexOf(overallPanel(report, overall, 'page').spec),
    frontier: overall.points.flatMap(point => (point.onFrontier ? [point.key] : [])),
    standing: Object.fromEntries(
      overall.points.filter(({ key }) => shown.has(key)).map(({ key, standing }) => [key, standing]),
    ),
  }
}

/**
 * The server's time series by point: panel, source, metric, and alternating time and value. The most important points
 * come first.
 */
function timeSeriesData({ analysis }: Report, nameIndex: (name: string) => number) {
  const { workloads, points } = analysis
  const best = workloads.flatMap(({ recommendation }) => recommendation.best ?? [])
  const first = new Set([...best, ...workloads.flatMap(({ frontier }) => frontier), ...points])
  return Object.fromEntries(
    [...timeSeriesWithin([...first])].map(([key, lines]) => [
      key,
      lines.map(({ panel, source, metric, samples }) => [
        panel,
        nameIndex(source),
        nameIndex(metric),
        samples.flatMap(([s, value]) => [Math.round(s * 100) / 100, Number(value.toPrecision(3))]),
      ]),
    ]),
  )
}

/** Four digits are enough for a small chart. */
function compact(detail: object): unknown {
  return JSON.parse(
    JSON.stringify(detail, (_, value) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value)),
  )
}

/** Six digits are more than a chart can show. Tables and points.csv have all digits. */
function rounded<T extends object>(value: T): object {
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [
      key,
      typeof field === 'number' ? Number(field.toPrecision(6)) : field,
    ]),
  )
}
