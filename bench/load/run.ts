/**
 * All load generators over a mock server with known truth, side by side: how far from the truth, at what cost.
 *
 *   node bench/load/run.ts [--cells c=32,saturation] [--clients built-in,aiperf] [--no-write]
 *
 * Prints Markdown tables, and with all cells and clients writes them to docs/bench/load.md.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startMock } from '../../test/mock-server/start.ts'
import type { Cell } from './cell.ts'
import { cells } from './cell.ts'
import { watchChildren } from './children.ts'
import type { Contestant } from './contestants.ts'
import { contestants } from './contestants.ts'
import type { FailedRun, Run } from './report.ts'
import { failed } from './report.ts'
import { table, tables } from './table.ts'

const limitS = 150
const { values } = parseArgs({
  options: {
    cells: { type: 'string' },
    clients: { type: 'string' },
    'no-write': { type: 'boolean', default: false },
  },
})
const picked = <T extends { readonly name: string }>(all: readonly T[], names: string | undefined) =>
  names === undefined ? all : all.filter(one => names.split(',').includes(one.name))

async function runCell(cell: Cell, clients: readonly Contestant[]): Promise<(Run | FailedRun)[]> {
  const { ttftMs, itlMs } = cell
  await using mock = await startMock({ ttftMs, itlMs, promptTokens: 512 })
  const runs: (Run | FailedRun)[] = []
  // The server's code is cold for its first client; that one's run is thrown away.
  const [first] = contestants()
  if (first !== undefined)
    await first.run(mock.url, { ...cell, requests: Math.min(cell.requests, 512) }, AbortSignal.timeout(60_000))
  for (const client of clients) {
    if (!takesPart(client, cell)) continue
    await mock.reset()
    runs.push(await runClient(client, cell, mock))
    const last = runs.at(-1)
    if (last !== undefined) console.error(`${cell.name}: ${client.name}: ${failed(last) ? last.failure : 'done'}`)
  }
  return runs
}

function takesPart(client: Contestant, cell: Cell): boolean {
  if (cell.who === 'all') return true
  if (client.peer) return false
  return cell.who === 'node' || client.name === 'built-in' || client.name === 'raw sockets'
}

async function runClient(
  client: Contestant,
  cell: Cell,
  mock: Awaited<ReturnType<typeof startMock>>,
): Promise<Run | FailedRun> {
  const began = performance.now()
  try {
    const { result, use } = await watchChildren(() => client.run(mock.url, cell, AbortSignal.timeout(limitS * 1000)))
    const wallS = (performance.now() - began) / 1000
    const truth = await mock.truth()
    return {
      ...result,
      client: client.name,
      wallS,
      cpuS: use.cpuS,
      peakMb: use.peakMb,
      truthMeanMs: truth.ttftMs?.mean ?? Number.NaN,
      truthP99Ms: truth.ttftMs?.p99 ?? Number.NaN,
      truthItlMs: truth.itlMs?.mean ?? Number.NaN,
    }
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    const lines = text.split('\n').filter(line => line.trim() !== '')
    return { client: client.name, failure: (lines.at(-1) ?? text).slice(0, 200) }
  }
}

const clients = picked(contestants(), values.clients)
const results = new Map<Cell, (Run | FailedRun)[]>()
for (const cell of picked(cells, values.cells)) {
  const runs = await runCell(cell, clients)
  results.set(cell, runs)
  // What was measured must not be lost with the last cell.
  console.error(`\n${table(cell, runs)}\n`)
}
const text = tables(results)
console.log(text)
if (!values['no-write'] && values.cells === undefined && values.clients === undefined) {
  const folder = join(import.meta.dirname, '../../docs/bench')
  const notes = await readFile(join(import.meta.dirname, 'notes.md'), 'utf8')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'load.md'), `${notes}\n${text}\n`)
}
