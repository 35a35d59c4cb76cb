import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aiperfFailure } from '../../../src/generators/aiperf/failure.ts'
import { endOf, endWithLog } from '../programs/fixture.ts'

describe('a failed AIPerf, in one sentence', () => {
  it('gives AIPerf’s own reason, without its log’s clutter', async () => {
    const error = aiperfFailure(await endWithLog('aiperf-all-reset.aiperf.log'), '/log')
    assert.match(error.message, /^AIPerf ended with code 1: All 10 inference request\(s\) failed/)
  })

  it('tells a tokenizer that can’t be loaded, out of AIPerf’s frames', () => {
    const lines = [
      '│    Reason: Failed to load tokenizer │',
      "│  'a/b': OSError: not in the cache. │",
      '│ • Service: x │',
    ]
    const error = aiperfFailure(endOf({ exit: { code: 1, signal: null }, lines }), '/log')
    assert.equal(error.kind, 'environment')
    assert.equal(error.message, "AIPerf could not load the tokenizer 'a/b': OSError: not in the cache.")
  })

  it('says why a hung run was ended', () => {
    assert.equal(aiperfFailure(endOf({ exit: null, gaveUp: 'it was still running' }), '/log').code, 'aiperf-hung')
  })
})
