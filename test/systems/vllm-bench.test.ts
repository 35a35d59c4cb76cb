import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { judge, statusOf } from '../../src/metrics/validity.ts'
import { repository, temporaryFolder } from '../cli/fulcrum.ts'
import { programPoint } from '../generators/programs/program-point.ts'
import { runRealProgram } from './program-run.ts'

const skip = existsSync(join(repository, '.systems/vllm-rs/vllm-rs')) ? false : 'no vllm-rs under .systems'
const pointOf = (load: Parameters<typeof programPoint>[1] = {}) => programPoint('vllm-bench', load)

describe('the real vllm-rs', { skip, concurrency: 3 }, () => {
  it('measures a closed loop over its steady window, with fresh full-length requests', async () => {
    const run = await runRealProgram('vllm-bench', pointOf(), () => 'answer')
    assert.equal(run.error, null)
    const { measurement } = run
    assert.equal(measurement?.window, 'steady')
    assert.deepEqual(measurement.whole?.requests, { sent: 20, completed: 20, failed: 0 })
    // How many of the 20 lie in the client’s window is a matter of timing.
    assert.ok(
      measurement.requests.sent >= 12 && measurement.requests.sent <= 20,
      `${measurement.requests.sent} requests`,
    )
    assert.deepEqual([measurement.osl?.mean, measurement.isl?.mean], [8, 128])
    assert.equal(measurement.totals.chunks, 8 * measurement.requests.sent)
    assert.equal(
      measurement.remarks?.some(({ code }) => code === 'summary-disagrees'),
      false,
    )
    // One test request, four of warm-up in which the test request is counted.
    assert.equal(run.bodies.length, 24)
    for (const body of run.bodies) assert.deepEqual([body.min_tokens, body.ignore_eos], [8, true])
    assert.equal(new Set(run.bodies.slice(-20).map(body => JSON.stringify(body.messages))).size, 20)
    assert.deepEqual(run.alive, [])
  })

  it('sends completions at a rate, measured whole', async () => {
    const level = { kind: 'rate', requestsPerS: 100, arrivals: { kind: 'poisson' } } as const
    const run = await runRealProgram('vllm-bench', pointOf({ api: 'completions', level }), () => 'answer')
    assert.deepEqual(run.paths, ['/v1/completions'])
    assert.deepEqual([run.measurement?.window, run.measurement?.requests.completed], ['whole', 20])
  })

  it('counts failed requests, and a run in which all fail is invalid', async () => {
    const fifth = await runRealProgram('vllm-bench', pointOf(), n => (n > 5 && n % 5 === 0 ? 'http-500' : 'answer'))
    assert.equal(fifth.measurement?.whole?.requests.failed, 3)
    assert.match(fifth.measurement.errors[0]?.example ?? '', /HTTP 500 .*out of memory/)
    const all = await runRealProgram('vllm-bench', pointOf(), () => 'http-500')
    assert.ok(all.measurement !== null)
    assert.deepEqual(all.measurement.requests, { sent: 20, completed: 0, failed: 20 })
    assert.equal(statusOf(judge(pointOf(), all.measurement)), 'invalid')
  })

  it('is ended when the server falls silent, and leaves nothing behind', async () => {
    const run = await runRealProgram('vllm-bench', pointOf({ timeoutMs: 1500 }), n => (n > 6 ? 'silent' : 'answer'))
    assert.equal(run.error?.code, 'vllm-bench-hung')
    assert.match(run.error.message, /vllm-rs received nothing for \d+ s, on \d+ open connections/)
    assert.deepEqual(run.alive, [])
  })

  it('takes a bearer token that no command line and no file shows', async () => {
    const secret = { variable: 'FULCRUM_TEST_VLLM_KEY', value: 'not-to-be-seen-7' }
    const run = await runRealProgram('vllm-bench', pointOf(), () => 'answer', { secret, subPath: '/llm/' })
    assert.deepEqual([...new Set(run.authorizations)], [`Bearer ${secret.value}`])
    assert.deepEqual([run.leaks, run.paths], [[], ['/llm/v1/chat/completions']])
  })

  it('tells a program that is missing, another one, killed, or of another version', async () => {
    await using folder = await temporaryFolder()
    const program = async (name: string, text: string) => {
      const path = join(folder.path, name)
      await writeFile(path, `#!/bin/sh\n${text}\n`)
      await chmod(path, 0o755)
      return (await runRealProgram('vllm-bench', pointOf(), () => 'answer', { command: path })).error
    }
    const missing = await runRealProgram('vllm-bench', pointOf(), () => 'answer', { command: '/none/vllm-rs' })
    assert.equal(missing.error?.message, 'vllm-rs was not found at /none/vllm-rs')
    assert.match(missing.error.remedy ?? '', /pip download --no-deps vllm==0\.33\.0/)
    assert.match(
      (await program('other', 'echo other 1.0'))?.message ?? '',
      /is not vllm-rs: its --version says 'other 1/,
    )
    const version = '[ "$1" = --version ] && echo vllm-rs 0.41.0 && exit'
    assert.match((await program('killed', `${version}\nkill -9 $$`))?.message ?? '', /vllm-rs ended with SIGKILL/)
    const refused = await program(
      'newer',
      `${version}\necho "error: unexpected argument '--num-warmups' found" >&2; exit 2`,
    )
    assert.match(refused?.message ?? '', /vllm-rs 0\.41\.0 refuses its arguments: unexpected argument/)
  })
})

describe('the real vllm-rs replaying a trace', { skip }, () => {
  it('sends prompts of the recorded lengths and blocks at the recorded times', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'trace.jsonl')
    const ids = [[1, 2, 3], [1, 2, 4], [1, 5], [6]]
    const lengths = [1100, 1300, 700, 90]
    const rows = lengths.map((input_length, i) => ({
      ...{ timestamp: 200 * i, input_length, output_length: 3 + i, hash_ids: ids[i] },
    }))
    await writeFile(file, rows.map(row => JSON.stringify(row)).join('\n'))
    const level = { kind: 'trace', file, speed: 2, unit: 'ms' } as const
    const { requests: _, ...load } = pointOf({ api: 'completions', warmup: 0 }).load
    const run = await runRealProgram('vllm-bench', { ...pointOf(), load: { ...load, level } }, () => 'answer')
    assert.equal(run.error, null)
    const prompts = run.bodies.map(({ prompt }) => prompt as number[])
    assert.deepEqual(
      prompts.map(prompt => prompt.length),
      lengths,
    )
    assert.deepEqual(
      run.bodies.map(body => [body.max_tokens, body.ignore_eos, body.min_tokens]),
      [3, 4, 5, 6].map(tokens => [tokens, true, undefined]),
    )
    const alike = (a: number, b: number) => prompts[a]?.findIndex((token, i) => token !== prompts[b]?.[i]) ?? -1
    assert.deepEqual([alike(0, 1), alike(0, 2)], [1024, 512])
    const { measurement } = run
    assert.deepEqual(measurement?.requests, { sent: 4, completed: 4, failed: 0 })
    assert.deepEqual([measurement.isl?.mean, measurement.osl?.mean], [797.5, 4.5])
    assert.ok((measurement.client.sendLatenessMs?.max ?? -1) >= 0)
    assert.deepEqual(measurement.replay, { inFile: 4, chosen: 4, unit: 'ms', guessed: null })
    assert.equal(
      measurement.remarks?.some(({ code }) => code === 'summary-disagrees'),
      false,
    )
  })
})
