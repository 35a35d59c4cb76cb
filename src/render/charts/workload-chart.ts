import type { TopLevelSpec } from 'vega-lite'
import type { Html } from '../html/html.ts'
import type { Report, WorkloadReport } from '../views/report.ts'
import type { ChartInput, Target } from './chart.ts'

/** A chart of a workload: a section of the page, its pictures as files, and its data as a table. */
export interface WorkloadChart {
  /** Id of the chart in the page, unique within the registry. */
  readonly kind: string
  /** Heading of its section. */
  readonly title: string
  /** How to read it, in one or two sentences. */
  readonly about: (section: WorkloadReport) => string
  /** Whether two such charts are side by side on a wide screen. */
  readonly size: 'wide' | 'half'
  readonly data: ChartData
  /** Its pictures. Empty if the workload has no data for them; the section is then omitted. */
  readonly panels: (drawing: Drawing) => readonly Panel[]
  readonly table: ChartTable
  /** Whether the reader can select the percentile; its specifications then have a parameter `percentile`. */
  readonly percentiles?: true
}

/** Rows by the name that specifications use. Charts that use the same name share the rows. */
export interface ChartData {
  readonly name: string
  readonly rows: (section: WorkloadReport) => readonly object[]
}

/** One picture. */
export interface Panel {
  /** Prefix of its file names: `<kind>-<workload>.svg`. */
  readonly kind: string
  /** Heading above the picture, if the section has several. */
  readonly heading?: string
  readonly spec: TopLevelSpec
}

/** The data of a chart as a table, for readers who can't see it. */
export interface ChartTable {
  readonly title: string
  /** @param limit maximum number of rows */
  readonly of: (section: WorkloadReport, report: Report, limit: number) => Html
}

/** Input of a chart of a workload. */
export interface Drawing {
  readonly section: WorkloadReport
  readonly target: Target
  /** The workload's points with their series, under a title. */
  readonly input: (title: string) => ChartInput
}

/** The rows that most charts share: the points of the workload. */
export const pointRows: ChartData = { name: 'points', rows: section => section.points }
