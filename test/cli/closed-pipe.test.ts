import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readRun } from '../../src/journal/index.ts'
import { repository } from './fulcrum.ts'
import { onlyRun, workplace } from './fulcrum-process.ts'

const sweep = `
name: piped
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated }
topologies: [agg x1]
workloads: [20/5]
load: { concurrency: [1, 2], requests: 4, warmup: 1 }
# A busy machine is no fault of what is tested here.
validity: { send_lateness_p99_ms: 9999, event_loop_delay_p99_ms: 9999, cpu_share: 1, run_queue_share: 1, in_flight_share: 0.01 }
`

/** Runs `fulcrum …` and closes the pipe of its output after the first bytes, as `head -1` does. */
async function cutOff(args: readonly string[], cwd: string, state: string) {
  const child = spawn(process.execPath, [join(repository, 'bin/fulcrum.js'), ...args], {
    cwd,
    env: { ...process.env, FULCRUM_STATE_DIR: state },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const ended = once(child, 'close')
  await Promise.race([once(child.stdout, 'data'), ended])
  child.stdout.destroy()
  const [exitCode] = await ended
  return { exitCode: Number(exitCode), said }
}

describe('when whoever reads the output stops', () => {
  test('a run is measured to its end', async () => {
    await using place = await workplace(sweep)
    const { exitCode, said } = await cutOff(['run', place.sweepFile, '--json'], place.folder, place.state)
    assert.equal(exitCode, 0, said)
    assert.doesNotMatch(said, /EPIPE/)
    assert.equal((await readRun(await onlyRun(place, 'piped'))).results.length, 2)
    assert.deepEqual(await place.recorded(), [])
  })

  test('a plan ends without an error', async () => {
    await using place = await workplace(sweep)
    const { exitCode, said } = await cutOff(['plan', place.sweepFile], place.folder, place.state)
    assert.deepEqual([exitCode, said], [0, ''])
  })
})
