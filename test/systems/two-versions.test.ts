import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parse } from 'csv-parse/sync'
import { runSweepFile } from '../../src/commands/run.ts'
import { readRun } from '../../src/journal/index.ts'
import { argumentsOf } from '../../src/process/proc.ts'
import { pointsCsv } from '../../src/render/export/points-csv.ts'
import { workplace } from '../cli/fulcrum-process.ts'
import { dynamoVersions } from './dynamo-deployment.ts'
import { mockers } from './dynamo-sweep.ts'

/** Leases that outlive their workers by 10 s: a killed worker stays in discovery for as long. */
const sweep = `
name: two-versions
model: nvidia/DeepSeek-R1-FP4
deploy:
  with: dynamo
${mockers({ args: 'engine-type: vllm, speedup-ratio: 50', env: 'ETCD_LEASE_TTL: 10' })}
variants:
  "1.4.2": {}
  "1.6.1": { deploy: { python: ${dynamoVersions[1].python} } }
  small-chunks: { deploy: { python: ${dynamoVersions[1].python} }, engine: { all: { max_num_batched_tokens: 512 } } }
topologies: [1P1D]
workloads: [1024/8]
load: { concurrency: 2, requests: 12, warmup: 2 }
validity: { cpu_share: 1, run_queue_share: 1, send_lateness_p99_ms: 5000, event_loop_delay_p99_ms: 5000, in_flight_share: 0 }
`

describe('two versions of Dynamo in one sweep', () => {
  test('are measured one after the other, even when killed workers of the first linger in discovery', async () => {
    await using place = await workplace(sweep)
    process.env.FULCRUM_STATE_DIR = place.state
    const workers = new Map<string, number>()
    /** Program and chunk size of every worker, by variant, read while it ran. */
    const ran: Promise<readonly [string, string]>[] = []
    let serving: string | null = null
    let killed = 0
    const isOlder = (variant: string) => variant === '1.4.2'
    const outcome = await runSweepFile({
      file: place.sweepFile,
      resultsRoot: `${place.folder}/results`,
      startNew: true,
      signal: AbortSignal.timeout(240_000),
      onProgress: progress => {
        const variant = progress.deployment?.label.replace(/^.* · /, '') ?? ''
        if (progress.step === 'deploying' && progress.event?.kind === 'start' && progress.event.pid !== undefined) {
          workers.set(progress.event.what, progress.event.pid)
        }
        if (progress.step === 'deployed') {
          const decode = workers.get('decode-0') ?? assert.fail('no decode worker')
          ran.push(argumentsOf(decode).then(argv => [variant, argv.join(' ')] as const))
        }
        if (progress.step !== 'deploying' || progress.event !== null) return
        const before = serving
        serving = variant
        if (before === null || isOlder(before) === isOlder(variant)) return
        // The workers of the other version die without a word: their leases run on.
        for (const name of ['decode-0', 'prefill-0']) {
          process.kill(workers.get(name) ?? assert.fail(name), 'SIGKILL')
          killed++
        }
      },
    })
    assert.equal(outcome.outcome, 'complete', outcome.reason)
    assert.equal(killed, 2)
    assert.deepEqual([outcome.points.planned, outcome.points.missing, outcome.points.failed], [3, 0, 0])
    const programs = Object.fromEntries(await Promise.all(ran))
    assert.match(programs['1.4.2'] ?? '', /\.systems\/dynamo\/bin\/python/)
    assert.match(programs['1.6.1'] ?? '', /\.systems\/dynamo-1\.6\/bin\/python/)
    assert.match(programs['small-chunks'] ?? '', /max_num_batched_tokens|max-num-batched-tokens/)
    const rows = parse(pointsCsv(await readRun(outcome.folder)), { columns: true }) as Record<string, string>[]
    assert.deepEqual(rows.map(({ variant }) => variant).sort(), ['1.4.2', '1.6.1', 'small-chunks'])
    assert.ok(rows.every(({ failed }) => Number(failed ?? 0) === 0))
  })
})
