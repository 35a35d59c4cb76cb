import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { genaiPerfFailure } from '../../../src/generators/genai-perf/failure.ts'
import { endOf, endWithLog } from '../programs/fixture.ts'

const failureOf = async (log: string) => genaiPerfFailure(await endWithLog(log), '/run/genai-perf.log')
const failureSaying = (...lines: string[]) =>
  genaiPerfFailure(endOf({ exit: { code: 1, signal: null }, lines }), '/run/genai-perf.log')

describe('a failed genai-perf, in one sentence', () => {
  it('names the HTTP status behind a recorded traceback', async () => {
    const error = await failureOf('genai-perf-500.genai-perf.log')
    assert.equal(error.code, 'genai-perf-request-failed')
    assert.match(error.message, /HTTP 500/)
    assert.ok(!error.message.includes('Traceback'))
  })

  it('says that HTTP 400 may have been a reset, as in the recorded one', async () => {
    assert.match((await failureOf('genai-perf-reset.genai-perf.log')).message, /400.*refused or reset/)
  })

  it('says why a hung run was ended', () => {
    const error = genaiPerfFailure(endOf({ exit: null, gaveUp: 'nothing came for 60 s' }), '/log')
    assert.equal(error.code, 'genai-perf-hung')
    assert.match(error.message, /nothing came for 60 s/)
  })

  it('tells a missing library, which is the environment’s fault', () => {
    const error = failureSaying(
      'perf_analyzer: error while loading shared libraries: libcudart.so.12: cannot open shared object file',
    )
    assert.equal(error.kind, 'environment')
    assert.match(error.message, /libcudart\.so\.12/)
  })

  it('falls back on the last exception, and on the signal', () => {
    assert.match(failureSaying('Traceback', 'KeyError: 1', '  trailing').message, /code 1: KeyError: 1/)
    const killed = genaiPerfFailure(endOf({ exit: { code: null, signal: 'SIGKILL' } }), '/log')
    assert.match(killed.message, /SIGKILL: it said nothing/)
  })
})
