import { availableParallelism, cpus } from 'node:os'
import type { Cell } from './cell.ts'
import { idealS } from './cell.ts'
import type { FailedRun, Run } from './report.ts'
import { failed } from './report.ts'

type Results = ReadonlyMap<Cell, readonly (Run | FailedRun)[]>

/** Markdown: a table a cell. */
export function tables(results: Results): string {
  const machine = `${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.versions.node}`
  const parts = [...results].map(([cell, runs]) => table(cell, runs))
  return [`Measured ${new Date().toISOString().slice(0, 16)}Z on ${machine}.`, ...parts, marginalCost(results)]
    .filter(part => part !== '')
    .join('\n\n')
}

const header = [
  'client',
  'TTFT error mean',
  'TTFT error p99',
  'true TTFT mean / p99',
  'ITL error',
  'tokens/s',
  'of ideal',
  'CPU s / M tokens under load',
  'CPU s, whole command',
  'outside load, s',
  'peak MB',
  'says of itself',
]

export function table(cell: Cell, runs: readonly (Run | FailedRun)[]): string {
  const shape = `${cell.concurrency} slots, ${cell.requests} requests of ${cell.tokens} tokens, TTFT ${cell.ttftMs} ms, ITL ${cell.itlMs} ms`
  const lines = runs.map(run => row(failed(run) ? [run.client, `failed: ${run.failure}`] : cellsOf(cell, run)))
  return [`### ${cell.name}`, '', shape, '', row(header), row(header.map(() => '---')), ...lines].join('\n')
}

function cellsOf(cell: Cell, run: Run): string[] {
  const tokens = run.completed * cell.tokens
  const ideal = idealS(cell)
  return [
    run.client,
    signed(run.ttftMeanMs - run.truthMeanMs),
    signed(run.ttftP99Ms - run.truthP99Ms),
    `${run.truthMeanMs.toFixed(1)} / ${run.truthP99Ms.toFixed(1)}`,
    signed(run.itlMeanMs - run.truthItlMs),
    Math.round(tokens / run.durationS).toLocaleString('en'),
    ideal === 0 ? '' : `${((100 * ideal) / run.durationS).toFixed(1)} %`,
    Number.isNaN(run.loadCpuS) ? '' : ((run.loadCpuS / tokens) * 1e6).toFixed(1),
    run.cpuS.toFixed(1),
    (run.wallS - run.durationS).toFixed(1),
    Math.round(run.peakMb).toString(),
    run.says,
  ]
}

/** What further tokens cost: start-up, prompts and summary fall out of the difference of two runs. */
function marginalCost(results: Results): string {
  const all = [...results]
  const find = (name: string) => all.find(([cell]) => cell.name === name)
  const [short, long] = [find('c=128'), find('c=128 long')]
  if (short === undefined || long === undefined) return ''
  const tokens = (long[0].requests - short[0].requests) * long[0].tokens
  const lines = long[1].flatMap(run => {
    const other = short[1].find(one => one.client === run.client)
    if (failed(run) || other === undefined || failed(other)) return []
    return [row([run.client, (((run.cpuS - other.cpuS) / tokens) * 1e6).toFixed(1)])]
  })
  const title = '### CPU seconds per million further tokens, c=128 (12 waves less 4 waves, whole commands)'
  return [title, '', row(['client', 'CPU s / M tokens']), row(['---', '---']), ...lines].join('\n')
}

function row(values: readonly string[]): string {
  return `| ${values.join(' | ')} |`
}

function signed(ms: number): string {
  return Number.isNaN(ms) ? '' : `${ms < 0 ? '−' : '+'}${Math.abs(ms).toFixed(2)} ms`
}
