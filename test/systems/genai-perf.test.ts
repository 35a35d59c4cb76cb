import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { programPoint } from '../generators/programs/program-point.ts'
import { runRealProgram } from './program-run.ts'

const lengthOnDynamo1 = { max_tokens: 8, min_tokens: 8, ignore_eos: true, nvext: undefined }

// Nothing here depends on timing, and most of each test is Python being loaded.
describe('the real genai-perf', { concurrency: 3 }, () => {
  it('measures a point, and its own summary agrees with what is read from its record', async () => {
    const run = await runRealProgram('genai-perf', programPoint('genai-perf'), () => 'answer')
    assert.equal(run.error, null)
    const { measurement } = run
    assert.ok(measurement !== null)
    assert.deepEqual(measurement.requests, { sent: 20, completed: 20, failed: 0 })
    assert.equal(measurement.generator.version, '0.0.16')
    assert.equal(measurement.osl?.mean, 8)
    assert.equal(measurement.isl?.mean, 128)
    assert.equal(measurement.totals.chunks, 160)
    assert.ok((measurement.ttftMs?.min ?? 0) > 0)
    assert.equal(measurement.client.sendLatenessMs, null)
    assert.deepEqual(
      measurement.remarks?.map(remark => remark.code),
      ['client-unknown'],
    )
    assert.deepEqual(run.phases, ['preparing', 'measuring', 'summarising'])
    const { max_tokens, min_tokens, ignore_eos, nvext } = run.bodies[0] ?? {}
    assert.deepEqual({ max_tokens, min_tokens, ignore_eos, nvext }, lengthOnDynamo1)
    assert.deepEqual(run.alive, [])
  })

  it('says which HTTP status ended it, where genai-perf prints a traceback', async () => {
    const run = await runRealProgram('genai-perf', programPoint('genai-perf'), request =>
      request === 9 ? 'http-500' : 'answer',
    )
    assert.equal(run.error?.code, 'genai-perf-request-failed')
    assert.match(run.error?.message ?? '', /gave up at its first failed request.*HTTP 500/)
    assert.deepEqual(run.alive, [])
  })

  it('does not take perf_analyzer’s word that a reset connection was HTTP 400', async () => {
    const run = await runRealProgram('genai-perf', programPoint('genai-perf'), request =>
      request > 8 ? 'reset' : 'answer',
    )
    assert.equal(run.error?.code, 'genai-perf-request-failed')
    assert.match(run.error?.message ?? '', /refused or reset connection/)
  })

  it('ends a run whose server has fallen silent after the deadline of a request', async () => {
    const run = await runRealProgram('genai-perf', programPoint('genai-perf', { timeoutMs: 3000 }), request =>
      request > 8 ? 'silent' : 'answer',
    )
    assert.equal(run.error?.code, 'genai-perf-hung')
    assert.match(run.error?.message ?? '', /received nothing for \d+ s/)
    assert.deepEqual(run.alive, [])
  })

  it('keeps the results that genai-perf loses when a chunk is cut before a colon', async () => {
    const run = await runRealProgram('genai-perf', programPoint('genai-perf'), request =>
      request === 9 ? 'cut-before-colon' : 'answer',
    )
    assert.equal(run.error, null)
    assert.deepEqual(run.measurement?.requests, { sent: 20, completed: 20, failed: 0 })
    assert.equal(run.measurement?.osl?.mean, 8)
    const crashed = run.measurement?.remarks?.find(remark => remark.code === 'genai-perf-crashed')
    assert.match(crashed?.message ?? '', /JSONDecodeError/)
  })

  it('leaves nothing running when it is aborted', async () => {
    const abort = new AbortController()
    setTimeout(() => abort.abort(new Error('Ctrl-C')), 5000)
    const run = await runRealProgram('genai-perf', programPoint('genai-perf'), () => 'silent', { signal: abort.signal })
    assert.equal(run.aborted, true)
    assert.deepEqual(run.alive, [])
  })

  it('sends its requests below a sub-path of the URL', async () => {
    const point = programPoint('genai-perf', { requests: 6, warmup: 0, dataset: 6 })
    const run = await runRealProgram('genai-perf', point, () => 'answer', { subPath: '/llm/team-a' })
    assert.deepEqual([run.error, run.paths], [null, ['/llm/team-a/v1/chat/completions']])
    assert.equal(run.measurement?.requests.completed, 6)
  })
})
