import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { diagnosisOf } from '../../bench/tune/diagnosis.ts'
import { runSweepFile } from '../../src/commands/run.ts'
import { workplace } from '../cli/fulcrum-process.ts'
import { dynamoVersions } from './dynamo-deployment.ts'
import { gb200, mockers } from './dynamo-sweep.ts'

/**
 * A KV router that prefers the worker that it gave the prefix that all prompts share, whatever that worker's load. The
 * load is open: a burst would reach both workers before the router remembers either.
 */
const sweep = (python: string) => `
name: router-imbalance
model: nvidia/DeepSeek-R1-FP4
deploy:
  with: dynamo
  gpus_per_worker: 4
  frontend_args: { router-mode: kv, no-router-kv-events: true, no-router-track-active-blocks: true, router-kv-overlap-score-credit: 100 }
${mockers({ python, args: gb200, env: 'ETCD_LEASE_TTL: 3' })}
topologies: [agg x2]
engine: { aggregated: { max_num_seqs: 4 } }
workloads: [{ isl: 1000, osl: 100, prefix: { share: 0.9, count: 1 } }]
load: { request_rate: [8], requests: 80, warmup: 0 }
validity: { cpu_share: 1, run_queue_share: 1, send_lateness_p99_ms: 9999, event_loop_delay_p99_ms: 9999, in_flight_share: 0.01 }
`

describe('a router that sends all to one of two workers', () => {
  for (const { version, python } of dynamoVersions)
    it(`is named as the bottleneck, with what each worker held, on Dynamo ${version}`, async () => {
      await using place = await workplace(sweep(python))
      process.env.FULCRUM_STATE_DIR = place.state
      const { folder, outcome, reason } = await runSweepFile({
        file: place.sweepFile,
        resultsRoot: `${place.folder}/results`,
        startNew: true,
        signal: AbortSignal.timeout(200_000),
      })
      assert.equal(outcome, 'complete', reason)
      const { stage, evidence } = await diagnosisOf(folder)
      assert.equal(stage, 'router imbalance', evidence.join(' '))
      assert.match(evidence[0] ?? '', /aggregated-\d had [\d.]+ running and \d+ waiting, aggregated-\d had/)
    })
})
