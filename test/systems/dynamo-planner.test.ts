import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { execa } from 'execa'
import { plannerProfiles } from '../../src/analysis/planner-profile.ts'
import { type Run, readRun } from '../../src/journal/index.ts'
import { fulcrum, repository } from '../cli/fulcrum.ts'

const sweep = `name: planner
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated }
topologies: [1P1D, 1P2D]
workloads: [500/16, 2000/16, 6000/16]
load: { concurrency: [1, 4, 8], requests: 8, warmup: 0x }
validity: { send_lateness_p99_ms: 60000, event_loop_delay_p99_ms: 60000, cpu_share: 1, run_queue_share: 1, in_flight_share: 0 }
`

/** What the planner's own reader makes of a folder. Its regressions need scikit-learn, which Dynamo's package lacks. */
const ask = `
import json, sys
from dynamo.planner.monitoring.perf_metrics import _convert_decode_profiling, _convert_prefill_profiling
prefill, decode = _convert_prefill_profiling(sys.argv[1]), _convert_decode_profiling(sys.argv[1])
print(json.dumps({
    "prefill": [[f.scheduled_requests.sum_prefill_tokens, f.wall_time * 1000] for f in prefill],
    "decode": [[f.scheduled_requests.num_decode_requests, f.scheduled_requests.sum_decode_kv_tokens, f.wall_time * 1000] for f in decode],
}))
`

describe("the profile for Dynamo's SLA planner", { timeout: 240_000 }, () => {
  let folder = ''
  let run: Run
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-planner-'))
    await writeFile(join(folder, 'sweep.yaml'), sweep)
    const ran = await fulcrum(['run', 'sweep.yaml', '--json'], { cwd: folder, env: { FULCRUM_STATE_DIR: folder } })
    assert.equal(ran.exitCode, 0, ran.stderr)
    run = await readRun((JSON.parse(ran.stdout.split('\n').at(-1) ?? '') as { folder: string }).folder)
    const exported = await fulcrum(['export', run.folder, '--format', 'dynamo-planner', '--to', 'profile'], {
      cwd: folder,
    })
    assert.equal(exported.exitCode, 0, exported.stderr)
  })
  after(() => rm(folder, { recursive: true, force: true }))

  test('is read by the planner of Dynamo 1.4.2, figure for figure', async () => {
    const python = join(repository, '.systems/dynamo/bin/python')
    const { stdout } = await execa(python, ['-c', ask, join(folder, 'profile')], { timeout: 120_000 })
    const read = JSON.parse(stdout.split('\n').at(-1) ?? '') as {
      readonly prefill: readonly (readonly [number, number])[]
      readonly decode: readonly (readonly [number, number, number])[]
    }
    const [profile] = plannerProfiles(run)
    assert.ok(profile)
    const near = (a: readonly number[], b: readonly number[]) => {
      assert.equal(a.length, b.length)
      for (const [at, value] of a.entries()) assert.ok(Math.abs(value - (b[at] ?? Number.NaN)) < 1e-6 * value + 1e-9)
    }
    near(
      read.prefill.map(([, ms]) => ms),
      profile.prefill.ttftMs,
    )
    near(
      read.prefill.map(([isl]) => isl),
      profile.prefill.isl.map(Math.floor),
    )
    near(
      read.decode.map(([, , ms]) => ms),
      profile.decode.itlMs,
    )
    // Eight at once on one decode worker are a batch of eight or less, and the planner counts some as more than one.
    assert.ok(read.decode.every(([batch, tokens]) => batch >= 1 && batch <= 8 && tokens > 0))
    assert.ok(read.decode.some(([batch]) => batch > 1))
  })

  test('is read by the planner of Dynamo 1.6.1 too, whose reader is the same code', async () => {
    // It can't be imported: its package asks for scikit-learn and aisimulate, which is a stub on PyPI.
    const reader = async (version: string) => {
      const file = `.systems/${version}/lib/python3.11/site-packages/dynamo/planner/monitoring/perf_metrics.py`
      const text = await readFile(join(repository, file), 'utf8')
      return text.slice(text.indexOf('def _convert_prefill_profiling'))
    }
    const old = await reader('dynamo')
    assert.ok(old.length > 1000)
    assert.equal(await reader('dynamo-1.6'), old)
  })
})
