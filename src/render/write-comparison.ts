import type { Comparison } from '../analysis/compare/comparison.ts'
import { comparisonCharts } from './charts/of-comparison.ts'
import { comparisonJson } from './export/comparison-json.ts'
import { comparisonJunit } from './export/comparison-junit.ts'
import { openFileWriter } from './file-writer.ts'
import { comparisonHtml } from './html/comparison-page.ts'
import { loadDrawnPageAssets } from './html/drawn-charts.ts'
import { commentHead } from './markdown/comment.ts'
import { comparisonMarkdown, markdownLimit } from './markdown/comparison.ts'

/**
 * Writes comparison.html, comparison.md (fits a pull request's comment), comparison.json, junit.xml, and every chart as
 * Vega-Lite specification and SVG.
 */
export async function writeComparison(
  comparison: Comparison,
  folder: string,
): Promise<{ readonly files: readonly string[] }> {
  const texts = {
    'comparison.html': await comparisonHtml(comparison, await loadDrawnPageAssets('comparison')),
    'comparison.md': comparisonMarkdown(comparison, markdownLimit - commentHead),
    'comparison.json': comparisonJson(comparison),
    'junit.xml': comparisonJunit(comparison),
  }
  const { write, writeChart, commit } = openFileWriter(folder, 'the comparison')
  for (const [name, text] of Object.entries(texts)) write(name, text)
  for (const { name, spec } of comparisonCharts(comparison)) await writeChart(name, spec)
  return { files: await commit() }
}
