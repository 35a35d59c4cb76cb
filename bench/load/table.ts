import { availableParallelism, cpus } from 'node:os'
import { counted } from '../../src/model/index.ts'
import type { Cell } from './cell.ts'
import { idealS } from './cell.ts'
import type { FailedRun, Run } from './report.ts'
import { failed } from './report.ts'

type Results = ReadonlyMap<Cell, readonly (Run | FailedRun)[]>

/** Markdown: what the pairs say, a table a cell, and the cost of further tokens. */
export function tables(results: Results): string {
  const machine = `${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.versions.node}`
  const parts = [...results].map(([cell, runs]) => table(cell, runs))
  return [
    `Measured ${new Date().toISOString().slice(0, 10)} on ${machine}. All figures are medians over a client's runs.`,
    pairs(results),
    ...parts,
    marginalCost(results),
  ]
    .filter(part => part !== '')
    .join('\n\n')
}

const header = [
  'client',
  'runs',
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
  'wait for a core, client / server',
  'says of itself',
]

/** A cell's clients. */
export function table(cell: Cell, runs: readonly (Run | FailedRun)[]): string {
  const shape = `${counted(cell.concurrency, 'slot')}, ${cell.requests} requests of ${cell.tokens} tokens, TTFT ${cell.ttftMs} ms, ITL ${cell.itlMs} ms`
  const names = [...new Set(runs.map(({ client }) => client))]
  const lines = names.map(name => {
    const own = runs.filter(({ client }) => client === name)
    const good = own.flatMap(run => (failed(run) ? [] : [run]))
    const [first] = own
    return row(
      good.length > 0 ? cellsOf(cell, name, good) : [name, `failed: ${first && failed(first) ? first.failure : ''}`],
    )
  })
  return [`### ${cell.name}`, '', shape, '', row(header), row(header.map(() => '---')), ...lines].join('\n')
}

function cellsOf(cell: Cell, name: string, runs: readonly Run[]): string[] {
  const of = (figure: (run: Run) => number) => median(runs.map(figure))
  const ideal = idealS(cell)
  const cpu = of(run => perMillion(cell, run))
  return [
    name,
    `${runs.length}`,
    signed(of(meanError)),
    signed(of(p99Error)),
    `${of(run => run.truthMeanMs).toFixed(1)} / ${of(run => run.truthP99Ms).toFixed(1)}`,
    signed(of(run => run.itlMeanMs - run.truthItlMs)),
    Math.round(of(run => tokensOf(cell, run) / run.durationS)).toLocaleString('en'),
    ideal === 0 ? '' : `${of(run => (100 * ideal) / run.durationS).toFixed(1)}%`,
    Number.isNaN(cpu) ? '' : cpu.toFixed(1),
    of(run => run.cpuS).toFixed(2),
    of(run => run.wallS - run.durationS).toFixed(1),
    Math.round(of(run => run.peakMb)).toString(),
    `${of(run => run.clientWaitMs).toFixed(2)} / ${of(run => run.serverWaitMs).toFixed(2)} ms`,
    [...new Set(runs.map(({ says }) => says))].join('; '),
  ]
}

/** The peer that the built-in generator takes turns with. */
const peerName = 'vllm-rs'

/** What the pairs of the built-in generator and its peer say, figure by figure. */
function pairs(results: Results): string {
  const named = (runs: readonly (Run | FailedRun)[], name: string) =>
    runs.flatMap(run => (failed(run) || run.client !== name ? [] : [run]))
  const lines = [...results].flatMap(([cell, runs]) => {
    const [own, peer, whole] = ['built-in', peerName, 'fulcrum run'].map(name => named(runs, name)) as [
      Run[],
      Run[],
      Run[],
    ]
    if (own.length === 0 || peer.length === 0) return []
    const both = (of: (run: Run) => number, digits: number, mine = own) => {
      const figures = [mine, peer].map(some => median(some.map(of)))
      // Runs of a round stand at the same place in both lists.
      const wins = mine.filter((run, at) => of(run) <= of(peer[at] ?? run)).length
      return mine.length === 0
        ? ''
        : `${figures.map(figure => figure.toFixed(digits)).join(' / ')} (${wins} of ${Math.min(mine.length, peer.length)})`
    }
    const speed = [own, peer].map(some => median(some.map(run => tokensOf(cell, run) / run.durationS)))
    const machine = (some: readonly Run[]) => median(some.map(machineShare))
    return [
      row([
        cell.name,
        both(run => Math.abs(meanError(run)), 2),
        both(run => Math.abs(p99Error(run)), 2),
        [own, peer].map(some => percent(machine(some))).join(' / '),
        number(median([...own, ...peer].map(run => run.loadAverage ?? Number.NaN)), 1),
        both(run => perMillion(cell, run), 1),
        speed.map(figure => Math.round(figure).toLocaleString('en')).join(' / '),
        both(run => run.cpuS, 2, whole),
        both(run => run.peakMb, 0, whole),
      ]),
    ]
  })
  if (lines.length === 0) return ''
  const columns = [
    'cell',
    'TTFT mean error, ms',
    'TTFT p99 error, ms',
    'run queue, of the mean error',
    'load average',
    'CPU s / M tokens under load',
    'tokens/s',
    'whole command, CPU s',
    'whole command, peak MB',
  ]
  const title = `### The built-in generator and ${peerName} in turns`
  const note = `Built-in / ${peerName}; in brackets, in how many pairs the first is nearer the truth or cheaper. The whole command is \`fulcrum run\`.`
  return [title, '', note, '', row(columns), row(columns.map(() => '---')), ...lines].join('\n')
}

const meanError = (run: Run) => run.ttftMeanMs - run.truthMeanMs
const p99Error = (run: Run) => run.ttftP99Ms - run.truthP99Ms
const tokensOf = (cell: Cell, run: Run) => run.completed * cell.tokens
const perMillion = (cell: Cell, run: Run) => (run.spanCpuS / tokensOf(cell, run)) * 1e6

/**
 * What share of the mean error the machine made: a request waits until the server's thread gets a core, its first token
 * until the client's does.
 */
const machineShare = (run: Run) => Math.min(1, (run.clientWaitMs + run.serverWaitMs) / Math.abs(meanError(run)))

/** What further tokens cost: start-up, prompts and summary fall out of the difference of two runs. */
function marginalCost(results: Results): string {
  const all = [...results]
  const find = (name: string) => all.find(([cell]) => cell.name === name)
  const [short, long] = [find('c=128'), find('c=128 long')]
  if (short === undefined || long === undefined) return ''
  const tokens = (long[0].requests - short[0].requests) * long[0].tokens
  const cpuS = (runs: readonly (Run | FailedRun)[], name: string) =>
    median(runs.flatMap(run => (failed(run) || run.client !== name ? [] : [run.cpuS])))
  const names = [...new Set(long[1].map(({ client }) => client))]
  const lines = names.flatMap(name => {
    const cost = ((cpuS(long[1], name) - cpuS(short[1], name)) / tokens) * 1e6
    return Number.isNaN(cost) ? [] : [row([name, cost.toFixed(1)])]
  })
  const title = '### CPU seconds per million further tokens, c=128 (12 waves less 4 waves, whole commands)'
  return [title, '', row(['client', 'CPU s / M tokens']), row(['---', '---']), ...lines].join('\n')
}

function median(values: readonly number[]): number {
  const sorted = values.filter(value => !Number.isNaN(value)).toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low = Number.NaN, high = Number.NaN] = [sorted[middle - 1], sorted[middle]]
  return sorted.length % 2 === 1 ? high : (low + high) / 2
}

function row(values: readonly string[]): string {
  return `| ${values.join(' | ')} |`
}

function number(value: number, digits: number): string {
  return Number.isNaN(value) ? '' : value.toFixed(digits)
}

function percent(share: number): string {
  return Number.isNaN(share) ? '' : `${Math.round(100 * share)}%`
}

function signed(ms: number): string {
  return Number.isNaN(ms) ? '' : `${ms < 0 ? '−' : '+'}${Math.abs(ms).toFixed(2)} ms`
}
