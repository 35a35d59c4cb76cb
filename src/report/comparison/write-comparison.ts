import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Comparison } from '../../analysis/compare/compare.ts'
import { loadStyle } from '../inline-script.ts'
import { svgOf } from '../render.ts'
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
  await mkdir(folder, { recursive: true })
  const texts = {
    'comparison.html': await comparisonHtml(comparison, await loadStyle()),
    'comparison.md': comparisonMarkdown(comparison),
    'comparison.json': comparisonJson(comparison),
    'junit.xml': comparisonJunit(comparison),
  }
  const charts: [string, string][] = []
  for (const { name, spec } of comparisonCharts(comparison))
    charts.push([`${name}.vl.json`, `${JSON.stringify(spec, null, 2)}\n`], [`${name}.svg`, await svgOf(spec)])
  const files: string[] = []
  for (const [name, text] of [...Object.entries(texts), ...charts]) {
    const path = join(folder, name)
    await writeFile(path, text)
    files.push(path)
  }
  return { files }
}
