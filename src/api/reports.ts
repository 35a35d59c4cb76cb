import { resolve } from 'node:path'
import type { Comparison } from '../analysis/compare/comparison.ts'
import type { Run } from '../journal/run.ts'
import type { CapacityAnswer } from './capacity.ts'

/**
 * Writes the report of a run: index.html, summary.md, points.csv, and every chart as a Vega-Lite specification and SVG.
 * Replaces files of these names and leaves all others alone.
 *
 * @returns the absolute paths of the files, the page first
 * @throws FulcrumError `environment` (`disk-full`, …) if the disk refuses a file; no file has then changed
 *
 * @example
 * ```ts
 * import { readRun, writeReport } from 'fulcrum'
 *
 * const run = await readRun('results/quick/20261124T230000Z-1a2b3c')
 * const [page] = await writeReport(run, 'report')
 * console.log(page)
 * ```
 */
export async function writeReport(run: Run, folder: string): Promise<readonly string[]> {
  const { writeReport: write } = await import('../render/write-report.ts')
  return (await write(run, resolve(folder))).files
}

/**
 * Summary of a run as Markdown: recommendation and frontier of each workload, and caveats about the points.
 *
 * @example
 * ```ts
 * import { readRun, reportMarkdown } from 'fulcrum'
 *
 * console.log(await reportMarkdown(await readRun('results/quick/20261124T230000Z-1a2b3c')))
 * ```
 */
export async function reportMarkdown(run: Run): Promise<string> {
  const [{ analyse }, { reportOf }, { summaryMarkdown }] = await Promise.all([
    import('../analysis/analyse.ts'),
    import('../render/views/report.ts'),
    import('../render/markdown/summary.ts'),
  ])
  return summaryMarkdown(reportOf(analyse(run)))
}

/**
 * Points of a run as CSV, one row each, repeats averaged. Column names include the unit (`ttft_p95_ms`). A cell is
 * empty if the value was not observed, never 0.
 *
 * @example
 * ```ts
 * import { writeFile } from 'node:fs/promises'
 * import { pointsCsv, readRun } from 'fulcrum'
 *
 * await writeFile('points.csv', await pointsCsv(await readRun('results/quick/20261124T230000Z-1a2b3c')))
 * ```
 */
export async function pointsCsv(run: Run): Promise<string> {
  const { pointsCsv: text } = await import('../render/export/points-csv.ts')
  return text(run)
}

/**
 * Points of a run as an Apache Parquet file, with the columns of {@link pointsCsv}.
 *
 * @example
 * ```ts
 * import { writeFile } from 'node:fs/promises'
 * import { pointsParquet, readRun } from 'fulcrum'
 *
 * await writeFile('points.parquet', await pointsParquet(await readRun('results/quick/20261124T230000Z-1a2b3c')))
 * ```
 */
export async function pointsParquet(run: Run): Promise<Uint8Array> {
  const { pointsParquet: text } = await import('../render/export/parquet.ts')
  return text(run)
}

/**
 * Points of a run in the OpenMetrics text format for Prometheus, in base units: seconds, bytes, ratios.
 *
 * @example
 * ```ts
 * import { openMetrics, readRun } from 'fulcrum'
 *
 * console.log(await openMetrics(await readRun('results/quick/20261124T230000Z-1a2b3c')))
 * ```
 */
export async function openMetrics(run: Run): Promise<string> {
  const { openMetrics: text } = await import('../render/export/openmetrics.ts')
  return text(run)
}

/**
 * Manifest and journal of a run as one JSON text: everything that the run contains.
 *
 * @example
 * ```ts
 * import { readRun, runJson } from 'fulcrum'
 *
 * const { manifest } = JSON.parse(await runJson(await readRun('results/quick/20261124T230000Z-1a2b3c')))
 * console.log(manifest.sweep)
 * ```
 */
export async function runJson(run: Run): Promise<string> {
  const { runJson: text } = await import('../render/export/json.ts')
  return text(run)
}

/**
 * Writes a comparison: comparison.html, comparison.md (short enough for a pull request comment), comparison.json,
 * junit.xml, and the charts.
 *
 * @returns the absolute paths of the files, the page first
 * @throws FulcrumError `environment` (`disk-full`, …) if the disk refuses a file; no file has then changed
 *
 * @example
 * ```ts
 * import { compare, readRun, writeComparison } from 'fulcrum'
 *
 * const base = await readRun('results/nightly/20261123T020000Z-aaaaaa')
 * const head = await readRun('results/nightly/20261124T020000Z-bbbbbb')
 * console.log(await writeComparison(await compare(base, head), 'comparison'))
 * ```
 */
export async function writeComparison(comparison: Comparison, folder: string): Promise<readonly string[]> {
  const { writeComparison: write } = await import('../render/write-comparison.ts')
  return (await write(comparison, resolve(folder))).files
}

/**
 * A comparison as Markdown, short enough for a comment on a pull request (65,536 characters).
 *
 * @example
 * ```ts
 * import { compare, comparisonMarkdown, readRun } from 'fulcrum'
 *
 * const base = await readRun('results/nightly/20261123T020000Z-aaaaaa')
 * const head = await readRun('results/nightly/20261124T020000Z-bbbbbb')
 * console.log(await comparisonMarkdown(await compare(base, head)))
 * ```
 */
export async function comparisonMarkdown(comparison: Comparison): Promise<string> {
  const { comparisonMarkdown: text } = await import('../render/markdown/comparison.ts')
  return text(comparison)
}

/**
 * A comparison as JSON: each figure of each point before and after with its verdict, and the results of the gates.
 *
 * @example
 * ```ts
 * import { compare, comparisonJson, readRun } from 'fulcrum'
 *
 * const base = await readRun('results/nightly/20261123T020000Z-aaaaaa')
 * const head = await readRun('results/nightly/20261124T020000Z-bbbbbb')
 * console.log(await comparisonJson(await compare(base, head)))
 * ```
 */
export async function comparisonJson(comparison: Comparison): Promise<string> {
  const { comparisonJson: text } = await import('../render/export/comparison-json.ts')
  return text(comparison)
}

/**
 * A comparison as JUnit XML with a test case for each gate, for the test report of a CI system.
 *
 * @example
 * ```ts
 * import { compare, comparisonJunit, readRun } from 'fulcrum'
 *
 * const base = await readRun('results/nightly/20261123T020000Z-aaaaaa')
 * const head = await readRun('results/nightly/20261124T020000Z-bbbbbb')
 * console.log(await comparisonJunit(await compare(base, head)))
 * ```
 */
export async function comparisonJunit(comparison: Comparison): Promise<string> {
  const { comparisonJunit: text } = await import('../render/export/comparison-junit.ts')
  return text(comparison)
}

/**
 * Writes a page with the frontiers of several runs in one chart, like `fulcrum overlay`. A run without a label is
 * labeled with its sweep's name.
 *
 * @returns the absolute path of the page
 * @throws FulcrumError `bad-input` for no run, more than 56, or two runs with the same label; `environment` if the disk
 *   refuses the file
 *
 * @example
 * ```ts
 * import { readRun, writeOverlay } from 'fulcrum'
 *
 * const before = await readRun('results/nightly/20261123T020000Z-aaaaaa')
 * const after = await readRun('results/nightly/20261124T020000Z-bbbbbb')
 * console.log(await writeOverlay([{ run: before, label: 'before' }, { run: after }], 'overlay.html'))
 * ```
 */
export async function writeOverlay(
  runs: readonly { readonly run: Run; readonly label?: string }[],
  file: string,
): Promise<string> {
  const { layOver, overlayTitle } = await import('../commands/overlay.ts')
  const { writeOverlay: write } = await import('../render/write-overlay.ts')
  const overlay = layOver(runs)
  await write(overlay, resolve(file), { title: overlayTitle(overlay) })
  return resolve(file)
}

/**
 * Writes a capacity plan: capacity.html, capacity.md and capacity.json.
 *
 * @returns the absolute paths of the files, the page first
 * @throws FulcrumError `environment` (`disk-full`, …) if the disk refuses a file; no file has then changed
 *
 * @example
 * ```ts
 * import { capacity, readRun, writeCapacity } from 'fulcrum'
 *
 * const run = await readRun('results/nightly/20261124T020000Z-bbbbbb')
 * const answer = await capacity(run, { traffic: { peak_requests_per_s: 20 }, fleet: { gpus_per_node: 8 } })
 * console.log(await writeCapacity(answer, 'capacity'))
 * ```
 */
export async function writeCapacity(answer: CapacityAnswer, folder: string): Promise<readonly string[]> {
  const { writeCapacity: write } = await import('../commands/capacity.ts')
  return write(answer, resolve(folder))
}
