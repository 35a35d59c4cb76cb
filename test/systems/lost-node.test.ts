import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { resumeRun } from '../../src/commands/resume.ts'
import { runSweepFile } from '../../src/commands/run.ts'
import { readRun } from '../../src/journal/index.ts'
import { type Point, topologyLabel } from '../../src/model/index.ts'
import { type Workplace, workplace } from '../cli/fulcrum-process.ts'
import { gb200, mockers } from './dynamo-sweep.ts'
import { createHosts, type Hosts, noHosts } from './shards/hosts.ts'

/** 2P1D needs both hosts; 1P1D is spread over both, and fits on north alone. The plan begins with the small ones. */
const sweep = (hosts: Hosts) => `
name: lost-node
model: nvidia/DeepSeek-R1-FP4
deploy:
  with: dynamo
${mockers({ args: gb200, env: 'ETCD_LEASE_TTL: 3' })}
  head: ${hosts.address}
  ssh: { config: ${hosts.sshConfig}, options: { ConnectTimeout: 3, ServerAliveInterval: 1 } }
  nodes: [{ name: north, gpus: 8 }, { name: south, gpus: 4 }]
  gpus_per_worker: 4
topologies: [2P1D, 1P1D, agg x1]
workloads: [500/100]
load: { concurrency: [3], requests: 8x, warmup: 1 }
`

describe('a sweep that loses a host in the middle of a point', { skip: noHosts() }, () => {
  let hosts: Hosts
  let place: Workplace
  before(async () => {
    hosts = await createHosts({ north: 0, south: 0 })
    place = await workplace(sweep(hosts))
    process.env.FULCRUM_STATE_DIR = place.state
  })
  after(async () => {
    await place?.[Symbol.asyncDispose]()
    await hosts?.[Symbol.asyncDispose]()
  })

  const attempt = { resultsRoot: () => `${place.folder}/results`, signal: () => AbortSignal.timeout(280_000) }
  let folder = ''
  const journal = async () => (await readRun(folder)).lines.map(({ event }) => event)
  const label = ({ deployment }: Point) => topologyLabel(deployment.topology)

  it('marks the point with the host’s name, and measures all that still fits', async () => {
    let isCut = false
    const outcome = await runSweepFile({
      file: place.sweepFile,
      resultsRoot: attempt.resultsRoot(),
      startNew: true,
      signal: attempt.signal(),
      onProgress: progress => {
        const isUnderLoad = progress.step === 'measuring' && progress.load?.phase === 'measuring'
        if (isCut || !isUnderLoad || label(progress.point) !== '1P1D' || progress.load.done < 3) return
        isCut = true
        hosts.cut('south')
      },
    })
    folder = outcome.folder
    const results = (await journal()).flatMap(event => (event.type === 'point' ? [event.result] : []))
    const story = results.map(({ point, findings }) => {
      const broke = findings.some(({ code }) => code === 'deployment-broke')
      return `${label(point)} ${broke ? 'broke' : 'stood'}`
    })
    assert.deepEqual(story, ['agg x1 stood', '1P1D broke', '1P1D stood'])
    assert.match(results[1]?.reason ?? '', /node south \(198\.18\.\d+\.3\)/)
    assert.equal(outcome.points.missing, 1)
    assert.deepEqual([outcome.exitCode, outcome.error?.code], [3, 'machines-lost'])
    assert.match(outcome.reason, /1 deployment could not run because machines were lost: 2P1D\. .*node south/)
  })

  it('tells in the journal what was lost and what was not run', async () => {
    const events = await journal()
    const notes = events.flatMap(event => (event.type === 'note' ? [event.message] : []))
    assert.ok(
      notes.some(note => /^Lost node south \(.*\): .*Continuing without it\.$/s.test(note)),
      notes.join('\n'),
    )
    const aside = events.filter(event => event.type === 'deployment' && event.outcome === 'not-run')
    assert.equal(aside.length, 1)
  })

  it('measures the rest when it is resumed with the host back', async () => {
    hosts.join('south')
    const outcome = await resumeRun({ folder, resultsRoot: attempt.resultsRoot(), signal: attempt.signal() })
    assert.deepEqual([outcome.outcome, outcome.measured, outcome.points.missing], ['complete', 1, 0])
  })
})
