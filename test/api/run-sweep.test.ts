// Test part: process
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { findLeftovers } from '../../src/deployers/leftovers.ts'
import {
  analyse,
  capacity,
  compare,
  comparisonMarkdown,
  defineSweep,
  FulcrumError,
  planSweep,
  pointsCsv,
  type RunEvent,
  readRun,
  runSweep,
  writeReport,
} from '../../src/index.ts'
import { runHolder } from '../../src/journal/index.ts'
import { temporaryFolder } from '../cli/fulcrum.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let out = ''
before(async () => {
  folder = await temporaryFolder()
  out = join(folder.path, 'results')
  process.env.FULCRUM_STATE_DIR = join(folder.path, 'state')
})
after(() => folder[Symbol.asyncDispose]())

const tiny = (name: string, concurrency: number[] = [1, 2]) =>
  defineSweep({
    name,
    model: 'nvidia/DeepSeek-R1-FP4',
    deploy: { with: 'simulated', profile: 'deepseek-r1-fp4-gb200' },
    topologies: [{ aggregated: 1 }],
    workloads: ['100/8'],
    load: { concurrency, requests: '2x', warmup: '1x' },
    slo: { ttft_p95_ms: 5000 },
  })

async function all(events: AsyncIterable<RunEvent>): Promise<readonly RunEvent[]> {
  const found: RunEvent[] = []
  for await (const event of events) found.push(event)
  return found
}

const types = (events: readonly RunEvent[]) => events.map(({ type }) => type)

test('a run tells its start, each deployment and result, and its end; the run can then be read, analysed and reported', async () => {
  const sweep = tiny('whole')
  assert.equal((await planSweep(sweep, { out })).pointCount, 2)
  const events = await all(runSweep(sweep, { out }))
  const news = types(events).filter(type => type !== 'measuring' && type !== 'deploying' && type !== 'note')
  assert.deepEqual(news, ['started', 'deployed', 'measured', 'measured', 'stopping', 'ended'])
  const [started] = events.filter(event => event.type === 'started')
  assert.equal(started?.points.count, 2)
  const last = events.at(-1)
  assert.ok(last?.type === 'ended')
  assert.deepEqual([last.outcome.outcome, last.outcome.folder], ['complete', started?.folder])

  const run = await readRun(last.outcome.folder)
  assert.equal(run.results.length, 2)
  assert.deepEqual(run.unmeasured ?? [], [])
  assert.equal(analyse(run).workloads[0]?.name, '100/8')
  assert.equal((await pointsCsv(run)).trim().split('\n').length, 3)
  const files = await writeReport(run, join(folder.path, 'report'))
  assert.equal(files[0], join(folder.path, 'report/index.html'))

  const again = await all(runSweep(sweep, { out, startNew: true }))
  const end = again.at(-1)
  assert.ok(end?.type === 'ended')
  const comparison = await compare(run, await readRun(end.outcome.folder), { failOn: ['ttft_p95>5%'] })
  assert.equal(comparison.points.length, 2)
  assert.equal(comparison.gates.length, 1)
  assert.match(await comparisonMarkdown(comparison), /100\/8/)

  const answer = await capacity(run, { traffic: { peak_requests_per_s: 0.1 }, fleet: { gpus_per_node: 4 } })
  assert.equal(answer.plan.question.fleet.gpusPerNode, 4)
  await assert.rejects(
    // @ts-expect-error the key is misspelt
    capacity(run, { traffic: { peak_request_per_s: 1 }, fleet: { gpus_per_node: 8 } }),
    /\[capacity\]: .*peak_request_per_s.*did you mean "peak_requests_per_s"\?/,
  )
})

test('a loop that is slow gets every result, and the run does not wait for it', async () => {
  const got: RunEvent[] = []
  for await (const event of runSweep(tiny('slow'), { out })) {
    got.push(event)
    // The loop holds the first event until the run has come to its end by itself.
    if (event.type === 'started') while ((await readRun(event.folder)).ended === null) await sleep(20)
  }
  const news = types(got).filter(type => type !== 'note')
  assert.deepEqual(news.filter(type => type === 'measured').length, 2)
  assert.equal(news.at(-1), 'ended')
  // Of the progress only the newest of each point is left.
  assert.equal(got.filter(({ type }) => type === 'measuring').length, 2)
})

test('breaking out of the loop stops everything; the same sweep then goes on', async () => {
  const sweep = tiny('left')
  let runFolder = ''
  for await (const event of runSweep(sweep, { out })) {
    if (event.type === 'started') runFolder = event.folder
    if (event.type === 'measured') break
  }
  const left = await readRun(runFolder)
  assert.equal(left.ended?.outcome, 'interrupted')
  assert.equal(left.results.length, 1)
  assert.equal(left.unmeasured?.length, 1)
  assert.equal(await runHolder(runFolder), null)
  assert.deepEqual(await findLeftovers(), [])

  const events = await all(runSweep(sweep, { out }))
  const [started] = events.filter(event => event.type === 'started')
  assert.deepEqual([started?.resumed, started?.folder], [true, runFolder])
  assert.equal(events.filter(({ type }) => type === 'measured').length, 1)
})

test('an error thrown in the loop reaches the caller once everything is stopped', async () => {
  let runFolder = ''
  await assert.rejects(async () => {
    for await (const event of runSweep(tiny('thrown'), { out })) {
      if (event.type === 'started') runFolder = event.folder
      if (event.type === 'measuring') throw new RangeError('mine')
    }
  }, /mine/)
  assert.equal((await readRun(runFolder)).ended?.outcome, 'interrupted')
  assert.deepEqual(await findLeftovers(), [])
})

test('a signal ends the run in order, and the last event says so', async () => {
  const stop = new AbortController()
  const events: RunEvent[] = []
  for await (const event of runSweep(tiny('signal'), { out, signal: stop.signal })) {
    events.push(event)
    if (event.type === 'deployed') stop.abort(new Error('enough'))
  }
  const last = events.at(-1)
  assert.ok(last?.type === 'ended')
  assert.deepEqual([last.outcome.outcome, last.outcome.reason], ['interrupted', 'enough'])
  await assert.rejects(all(runSweep(tiny('signal'), { out, signal: stop.signal })), /enough/)
})

test('a sweep that is wrong is refused by its keys, before anything is started', async () => {
  const wrong = { ...tiny('wrong'), repeats: 0 }
  await assert.rejects(all(runSweep(wrong, { out })), (error: unknown) => {
    assert.ok(error instanceof FulcrumError)
    assert.equal(error.kind, 'bad-input')
    assert.equal(error.message, '[sweep]: repeats is 0, below 1; write a whole number from 1')
    return true
  })
  await assert.rejects(readFile(join(out, 'wrong')), /ENOENT/)
})

test('a sweep file is run by its path, and relative paths of a value start at the folder that is given', async () => {
  const file = join(folder.path, 'sweep.ts')
  await writeFile(file, `export default ${JSON.stringify(tiny('file', [1]))}`)
  const ended = (await all(runSweep(file, { out }))).at(-1)
  assert.ok(ended?.type === 'ended')
  assert.equal((await readRun(ended.outcome.folder)).manifest.sweepFile, file)

  await writeFile(join(folder.path, 'rows.jsonl'), '{"prompt":"one two three"}\n')
  const sweep = { ...tiny('dataset'), workloads: [{ isl: 100, osl: 4, dataset: './rows.jsonl' }] }
  const { sweep: planned } = await planSweep(sweep, { folder: folder.path, out })
  assert.equal(planned.workloads[0]?.datasetFile, join(folder.path, 'rows.jsonl'))
})
