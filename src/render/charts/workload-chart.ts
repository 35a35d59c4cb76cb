import type { TopLevelSpec } from 'vega-lite'
import type { Html } from '../html/html.ts'
import type { Report, WorkloadReport } from '../views/report.ts'
import type { ChartInput, Target } from './chart.ts'

/** A chart of a workload: a section of the page, its pictures as files, and the same data as a table. */
export interface WorkloadChart {
  /** Names the chart in the page; unique within the registry. */
  readonly kind: string
  /** Heading of its section. */
  readonly title: string
  /** What to read off it, in a sentence or two. */
  readonly about: (section: WorkloadReport) => string
  /** Two halves stand side by side where the screen is wide. */
  readonly size: 'wide' | 'half'
  readonly data: ChartData
  /** Its pictures; none where the workload has no data for them, and then the section is left out. */
  readonly panels: (drawing: Drawing) => readonly Panel[]
  readonly table: ChartTable
  /** Whether the reader chooses the percentile: its specifications have a parameter `percentile`. */
  readonly percentiles?: true
}

/** Rows that specifications find under a name. Charts that name the same rows share them. */
export interface ChartData {
  readonly name: string
  readonly rows: (section: WorkloadReport) => readonly object[]
}

/** One picture. */
export interface Panel {
  /** Names its files: `<kind>-<workload>.svg`. */
  readonly kind: string
  /** Above the picture on the page, where a section has several. */
  readonly heading?: string
  readonly spec: TopLevelSpec
}

/** The data of a chart for everyone who doesn't see it. */
export interface ChartTable {
  readonly title: string
  /** @param limit rows at most */
  readonly of: (section: WorkloadReport, report: Report, limit: number) => Html
}

/** What a chart draws from. */
export interface Drawing {
  readonly section: WorkloadReport
  readonly target: Target
  /** The workload's points with their series, under a title. */
  readonly input: (title: string) => ChartInput
}

/** The rows that most charts share: the points of the workload. */
export const pointRows: ChartData = { name: 'points', rows: section => section.points }
