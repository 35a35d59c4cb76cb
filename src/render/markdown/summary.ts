import { originOf } from '../../analysis/origin.ts'
import { rivalLines } from '../../analysis/rivals.ts'
import { objectives } from '../../analysis/slo.ts'
import { tune } from '../../analysis/tune/tune.ts'
import { counted, figure, time } from '../views/format.ts'
import { frontierTable, overallFrontierTable } from '../views/frontier-table.ts'
import { leftOutSummary } from '../views/left-out.ts'
import { overallCaveat } from '../views/overall.ts'
import { certainty, headline, modes, variantsOverWorkloads, variantWords } from '../views/recommendation-words.ts'
import type { Report } from '../views/report.ts'
import { heldBack, mixHeadline, mixLines, mixShares, ratesLines } from '../views/tuning-words.ts'
import { wholeRunNote, wholeRuns } from '../views/whole-runs.ts'

/** summary.md: the answer, the frontier as a table, and the excluded points. Readable in a terminal and on GitHub. */
export function summaryMarkdown(report: Report): string {
  const { analysis } = report
  const { manifest, results } = analysis.run
  const count = (status: string) => results.filter(result => result.status === status).length
  const lines = [
    `# ${escapeMarkdown(manifest.sweep)}`,
    '',
    `${counted(results.length, 'measurement')}: ${count('ok')} ok, ${count('invalid')} invalid, ${count('failed')} failed. Run ${escapeMarkdown(manifest.runId)} on ${escapeMarkdown(manifest.host.name)}, ${manifest.createdAt}.`,
  ]
  const { notice } = originOf(manifest)
  if (notice !== null) lines.push('', `> ${escapeMarkdown(notice)}`)
  const tunings = tune(analysis)
  const { mix } = analysis
  if (mix !== null)
    lines.push(
      '',
      `## The mix: ${escapeMarkdown(mixShares(mix))}`,
      '',
      `**${escapeMarkdown(mixHeadline(mix))}**`,
      '',
      ...mixLines(mix).map(line => `- ${escapeMarkdown(line)}`),
    )
  const compared = variantsOverWorkloads(
    report.sections.map(({ analysis: { name, variants } }) => ({
      name,
      variants: variants.map(({ variant, base, gain }) => ({
        variant,
        base,
        gain: gain.relative,
        verdict: gain.verdict,
      })),
    })),
  )
  if (compared.length > 0) lines.push('', ...compared.map(line => `- ${escapeMarkdown(line)}`))
  for (const { analysis: workload } of report.sections) {
    const { recommendation } = workload
    const { best } = recommendation
    lines.push(
      '',
      `## Workload ${escapeMarkdown(workload.name)}`,
      '',
      `**${escapeMarkdown(headline(recommendation, workload.points))}**`,
    )
    if (best !== null) {
      const slo = objectives(best).map(o =>
        o.valueMs === null
          ? `${o.title} not measured (limit ${time(o.limitMs)})`
          : `${o.title} ${time(o.valueMs)} ${o.met ? 'of' : 'over'} ${time(o.limitMs)}`,
      )
      const said = [`${figure(best.y?.mean)} output tokens/s per GPU`, `${figure(best.x?.mean)} per user`, ...slo]
      lines.push('', `${said.join(', ')}, on ${counted(best.gpus, 'GPU')}.`)
    }
    const sure = [
      ...certainty(recommendation),
      ...modes(workload.servingModes),
      ...variantWords(workload.variants),
      ...recommendation.caveats,
    ]
    if (sure.length > 0) lines.push('', ...sure.map(line => `- ${escapeMarkdown(line)}`))
    const overturn = rivalLines(workload.rivals, recommendation)
    if (overturn.length > 0) lines.push('', ...overturn.map(line => `- ${escapeMarkdown(line)}`))
    if (overturn.length > 0 && workload.rivals.command !== null)
      lines.push('', 'To measure what could overturn this:', '', `    ${workload.rivals.command}`)
    const tuning = tunings.find(one => one.workload === workload.name)
    if (tuning !== undefined) {
      const { bottleneck, next } = tuning
      const told = [`${heldBack(tuning)}.`, ...(bottleneck?.evidence ?? [])].map(escapeMarkdown).join(' ')
      lines.push('', told, '', `Try next: ${escapeMarkdown(next.advice)}`)
      if (next.because.length > 0) lines.push('', ...next.because.map(line => `- ${escapeMarkdown(line)}`))
      if (next.command !== null) lines.push('', 'To measure again:', '', `    ${next.command}`)
    }
    const rates = tuning?.rates.flatMap(ratesLines) ?? []
    if (rates.length > 0) lines.push('', ...rates.map(line => `- ${escapeMarkdown(line)}`))
    const rows = frontierTable(analysis).filter(row => row.workload === workload.name)
    if (rows.length > 0) {
      const more = (rows[0]?.more ?? []).map(({ title }) => ` ${title} |`).join('')
      lines.push(
        '',
        `| | Deployment | Load | GPUs | Tokens/s per user | Tokens/s per GPU | TTFT p95 | ITL p95 |${more} SLO |`,
        `|---|---|---|---:|---:|---:|---:|---:|${more.replace(/[^|]+/g, '---:')}---|`,
        ...rows.map(
          row =>
            `| ${row.recommended ? '→' : ''} | ${[row.deployment, row.load, row.gpus, row.tokensPerSPerUser, row.tokensPerSPerGpu, row.ttftP95, row.itlP95, ...(row.more ?? []).map(({ text }) => text), row.slo].map(escapeMarkdown).join(' | ')} |`,
        ),
      )
    }
  }
  const overall = overallFrontierTable(analysis)
  if (overall.length > 0) {
    lines.push(
      '',
      '## All workloads',
      '',
      'The frontier over all workloads together.',
      overallCaveat,
      '',
      '| Workload | Deployment | Load | GPUs | Tokens/s per user | Tokens/s per GPU | TTFT p95 | ITL p95 |',
      '|---|---|---|---:|---:|---:|---:|---:|',
      ...overall.map(
        row =>
          `| ${[row.workload, row.deployment, row.load, row.gpus, row.tokensPerSPerUser, row.tokensPerSPerGpu, row.ttftP95, row.itlP95].map(escapeMarkdown).join(' | ')} |`,
      ),
    )
  }
  lines.push(...wholeRunLines(report))
  const unmeasured = leftOutSummary(analysis.run)
  if (unmeasured.length > 0)
    lines.push('', '## Left out by the search', '', ...unmeasured.map(line => `- ${escapeMarkdown(line)}`))
  const out = results.filter(result => result.status !== 'ok')
  if (out.length > 0) {
    const reasons = Map.groupBy(out, result => `${result.status}: ${result.reason}`)
    lines.push(
      '',
      '## Left out',
      '',
      ...[...reasons].map(([reason, of]) => `- ${of.length} × ${escapeMarkdown(reason)}`),
    )
  }
  return `${lines.join('\n')}\n`
}

/** Maximum number of rows of the table of whole runs. The page has more. */
const mostWholeRuns = 50

/** Points whose whole run differs from their steady window. */
function wholeRunLines({ analysis }: Report): readonly string[] {
  const rows = wholeRuns(analysis)
  const [first] = rows
  if (first === undefined) return []
  const titles = first.figures.map(({ title }) => `${title}: steady → whole`)
  const rest = rows.length - mostWholeRuns
  return [
    ...['', '## Whole runs', '', wholeRunNote, ''],
    `| Workload | Deployment | Load | ${titles.join(' | ')} |`,
    `|---|---|---|${titles.map(() => '---:|').join('')}`,
    ...rows.slice(0, mostWholeRuns).map(({ workload, deployment, load, figures }) => {
      const cells = figures.map(({ steady, whole, change }) => `${steady} → ${whole} (${change})`)
      return `| ${[workload, deployment, load, ...cells].map(escapeMarkdown).join(' | ')} |`
    }),
    ...(rest > 0 ? ['', `${rest} more points are in the report's page.`] : []),
  ]
}

/** Escapes untrusted text, so that it can't contain markup, table cells or line breaks. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_{}[\]|#~]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/@(?=\w)/g, '@\u200b')
}
