import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parse, stringify } from 'yaml'
import { planSweepFile, previewPlan } from '../../src/commands/plan.ts'
import { runSweepFile } from '../../src/commands/run.ts'
import { readRun } from '../../src/journal/index.ts'
import { topologyLabel } from '../../src/model/index.ts'
import { dynamoServe, workdir } from './dynamo-serve-deployment.ts'
import { createHosts, type Hosts, noHosts } from './shards/hosts.ts'

const root = join(import.meta.dirname, '../..')
const shipped = join(root, 'sweeps/dynamo-serve.yaml')

/** The shipped sweep on hosts of this test's: no containers, the test's own graph, and a small load. */
async function sweepOn(hosts: Hosts): Promise<string> {
  const sweep = parse(await readFile(shipped, 'utf8'))
  const { container: _, ...deploy } = sweep.deploy
  return stringify({
    ...sweep,
    deploy: {
      ...deploy,
      dynamo: dynamoServe.dynamo,
      workdir,
      env: dynamoServe.env,
      head: hosts.address,
      nodes: ['gb200-2', 'gb200-3'].map(name => ({ name, gpus: 4 })),
      ssh: { config: hosts.sshConfig },
    },
    topologies: ['agg x1', '1P2D'],
    workloads: ['100/4'],
    generator: { name: 'genai-perf', command: join(root, '.systems/genai-perf/bin/genai-perf') },
    load: { ...sweep.load, concurrency: [2] },
  })
}

/** From its deployment to its benchmark, with the real ai-dynamo 0.3.1 and the real genai-perf. */
describe('the guide, through Fulcrum', { skip: noHosts() }, () => {
  let hosts: Hosts
  let folder = ''
  let file = ''
  before(async () => {
    hosts = await createHosts({ 'gb200-2': 0, 'gb200-3': 0 })
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-guide-'))
    process.env.FULCRUM_STATE_DIR = join(folder, 'state')
    file = join(folder, 'guide.yaml')
    await writeFile(file, await sweepOn(hosts))
  })
  after(async () => {
    await hosts?.[Symbol.asyncDispose]()
    if (folder !== '') await rm(folder, { recursive: true, force: true })
  })

  it('a dry run prints the guide’s own commands for the head and for the workers', async () => {
    const plan = await planSweepFile(file, { resultsRoot: folder })
    const previews = await previewPlan(plan)
    const notes = previews.flatMap(({ preview }) => preview.commands.map(({ note = '' }) => note))
    const inside = notes
      .flatMap(note => / in \S+: (.*)$/.exec(note)?.[1] ?? [])
      .map(line => line.replace(/-f \S+/, '-f …'))
    assert.deepEqual(
      new Set(inside),
      new Set([
        'dynamo serve graphs.agg:Frontend -f …',
        'dynamo serve components.worker:TensorRTLLMWorker -f … --service-name TensorRTLLMWorker',
        'dynamo serve components.prefill_worker:TensorRTLLMPrefillWorker -f … --service-name TensorRTLLMPrefillWorker',
      ]),
    )
    assert.ok(notes.some(note => note.includes('prefill-0 on gb200-')))
  })

  it('a run deploys over three hosts and benchmarks by genai-perf', async () => {
    const outcome = await runSweepFile({
      file,
      resultsRoot: join(folder, 'results'),
      startNew: true,
      signal: AbortSignal.timeout(280_000),
    })
    assert.deepEqual([outcome.outcome, outcome.points.missing, outcome.points.failed], ['complete', 0, 0])
    const { lines } = await readRun(outcome.folder)
    const results = lines.flatMap(({ event }) => (event.type === 'point' ? [event.result] : []))
    assert.deepEqual(results.map(({ point }) => topologyLabel(point.deployment.topology)).toSorted(), [
      '1P2D',
      'agg x1',
    ])
    for (const { measurement } of results) {
      assert.deepEqual(measurement?.requests, { sent: 20, completed: 20, failed: 0 })
      assert.equal(measurement?.generator.name, 'genai-perf')
    }
  })
})
