/**
 * All load generators over a mock server with known truth: how far from the truth, at what cost. The built-in generator,
 * vllm-rs and the whole command `fulcrum run` take turns in every round, forwards and backwards; the other clients take
 * part in every fifth.
 *
 *   node bench/load/run.ts [--cells c=32,saturation] [--clients built-in,vllm-rs] [--rounds 7] [--log FILE] [--no-write]
 *   node bench/load/run.ts --against CHECKOUT       with the built-in generator and `fulcrum run` of another checkout
 *   node bench/load/run.ts --tables FILE
 *
 * Prints Markdown tables of medians, and with all cells and clients writes them to docs/bench/load.md. `--log` appends
 * each run to a file as a line of JSON, from which `--tables` prints and writes the same again: so cells can be measured
 * one by one while the machine is quiet.
 */
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startMock } from '../../test/mock-server/start.ts'
import type { Cell } from './cell.ts'
import { cells, isl } from './cell.ts'
import type { Contestant } from './contestants.ts'
import { contestants } from './contestants.ts'
import { watchTree } from './process-tree.ts'
import type { FailedRun, Run } from './report.ts'
import { failed } from './report.ts'
import { table, tables } from './table.ts'

const limitS = 150
/** Rounds between two in which the other clients take part. */
const rareRounds = 5
const { values } = parseArgs({
  options: {
    cells: { type: 'string' },
    clients: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    log: { type: 'string' },
    tables: { type: 'string' },
    against: { type: 'string' },
    'no-write': { type: 'boolean', default: false },
  },
})
const picked = <T extends { readonly name: string }>(all: readonly T[], names: string | undefined) =>
  names === undefined ? all : all.filter(one => names.split(',').includes(one.name))

type AnyRun = Run | FailedRun

async function runCell(cell: Cell, clients: readonly Contestant[], rounds: number): Promise<AnyRun[]> {
  const { ttftMs, itlMs, tokens } = cell
  // The server knows `max_tokens` alone: clients that ask by another name, as vllm-rs does, get the cell's tokens, too.
  await using mock = await startMock({ ttftMs, itlMs, tokens, promptTokens: isl })
  const runs: AnyRun[] = []
  // The server's code is cold for its first client, and so are the caches of Node, and packages are yet to be made: those
  // runs are thrown away.
  for (const client of clients.filter(({ name }) => /^(built-in|fulcrum run)/.test(name)))
    await runClient(client, { ...cell, requests: Math.min(cell.requests, 512) }, mock)
  for (let round = 0; round < rounds; round++) {
    const taking = clients.filter(client => takesPart(client, cell) && (client.always || round % rareRounds === 0))
    for (const client of round % 2 === 0 ? taking : taking.toReversed()) {
      const run = await runClient(client, cell, mock)
      runs.push(run)
      // What was measured must not be lost with the last cell.
      if (values.log !== undefined) await appendFile(values.log, `${JSON.stringify(run)}\n`)
      console.error(`${cell.name}, round ${round + 1}: ${client.name}: ${failed(run) ? run.failure : 'done'}`)
    }
  }
  return runs
}

const demands: readonly Cell['who'][] = ['all', 'fast', 'many']

function takesPart(client: Contestant, cell: Cell): boolean {
  return demands.indexOf(client.who) >= demands.indexOf(cell.who)
}

async function runClient(client: Contestant, cell: Cell, mock: Awaited<ReturnType<typeof startMock>>): Promise<AnyRun> {
  const named = { cell: cell.name, client: client.name }
  try {
    const prepared = await client.prepare(mock.url, cell, AbortSignal.timeout(limitS * 1000))
    try {
      await mock.reset()
      const [loadAverage = Number.NaN] = loadavg()
      const began = performance.now()
      const { result, use } = await watchTree(mock.pid, () => prepared.run())
      const wallS = (performance.now() - began) / 1000
      const truth = await mock.truth(cell.requests)
      const { cpuS: spanCpuS, ...waits } = use.within(truth.fromMs, truth.untilMs)
      return {
        ...named,
        ...(await prepared.read(result)),
        ...{ loadAverage, wallS, cpuS: use.cpuS, peakMb: use.peakMb, spanCpuS, ...waits },
        truthMeanMs: truth.ttftMs?.mean ?? Number.NaN,
        truthP99Ms: truth.ttftMs?.p99 ?? Number.NaN,
        truthItlMs: truth.itlMs?.mean ?? Number.NaN,
      }
    } finally {
      await prepared.close()
    }
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    const lines = text.split('\n').filter(line => line.trim() !== '')
    return { ...named, failure: (lines.at(-1) ?? text).slice(0, 200) }
  }
}

/** Runs of a log, by cell. */
async function logged(file: string): Promise<Map<Cell, AnyRun[]>> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter(line => line !== '')
  // JSON writes NaN as null.
  const runs = lines.map(line => JSON.parse(line, (_, value: unknown) => value ?? Number.NaN) as AnyRun)
  return new Map(
    cells
      .map(cell => [cell, runs.filter(run => run.cell === cell.name)] as const)
      .filter(([, some]) => some.length > 0),
  )
}

async function measured(): Promise<Map<Cell, AnyRun[]>> {
  const clients = picked(contestants(values.against), values.clients)
  const results = new Map<Cell, AnyRun[]>()
  for (const cell of picked(cells, values.cells)) {
    const runs = await runCell(cell, clients, Number(values.rounds))
    results.set(cell, runs)
    console.error(`\n${table(cell, runs)}\n`)
  }
  return results
}

const text = tables(values.tables === undefined ? await measured() : await logged(values.tables))
console.log(text)
if (!values['no-write'] && [values.cells, values.clients, values.against].every(value => value === undefined)) {
  const folder = join(import.meta.dirname, '../../docs/bench')
  const notes = await readFile(join(import.meta.dirname, 'notes.md'), 'utf8')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'load.md'), `${notes}\n${text}\n`)
}
