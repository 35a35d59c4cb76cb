import type { Comparison } from '../../analysis/compare/compare.ts'
import { openFileWriter } from '../file-writer.ts'
import { loadStyle } from '../inline-script.ts'
import { comparisonCharts } from './charts.ts'
import { comparisonJson } from './json.ts'
import { comparisonJunit } from './junit.ts'
import { comparisonMarkdown } from './markdown.ts'
import { comparisonHtml } from './page.ts'

/**
 * Writes comparison.html, comparison.md (fits a pull request's comment), comparison.json, junit.xml, and every chart as
 * Vega-Lite specification and SVG.
 */
export async function writeComparison(
  comparison: Comparison,
  folder: string,
): Promise<{ readonly files: readonly string[] }> {
  const texts = {
    'comparison.html': await comparisonHtml(comparison, await loadStyle()),
    'comparison.md': comparisonMarkdown(comparison),
    'comparison.json': comparisonJson(comparison),
    'junit.xml': comparisonJunit(comparison),
  }
  const { write, writeChart, commit } = openFileWriter(folder, 'the comparison')
  for (const [name, text] of Object.entries(texts)) write(name, text)
  for (const { name, spec } of comparisonCharts(comparison)) await writeChart(name, spec)
  return { files: await commit() }
}
