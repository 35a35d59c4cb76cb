import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { figures } from '../../src/metrics/figures/index.ts'
import type { Measurement } from '../../src/metrics/measurement.ts'
import { createRecords, errorCode, mergeRecords } from '../../src/metrics/records.ts'
import { summarise } from '../../src/metrics/summary.ts'
import { judgePromptCache } from '../../src/metrics/validity/prompt-cache.ts'
import { syntheticRun } from '../render/synthetic-run.ts'

const plain = { from: 'sent', slo: {}, asked: { isl: 100, osl: 1 }, slots: null } as const
const [result] = syntheticRun({ workloads: [[100, 10]], concurrencies: [1] }).results
const measurement = result?.measurement ?? assert.fail('no measurement')
const deployment = result?.point.deployment ?? assert.fail('no point')

/** Answers with 100 prompt tokens each, of which so many were cached; null where the server doesn't say. */
function cacheOf(cached: readonly (number | null)[], failed: readonly number[] = []) {
  const records = createRecords(cached.length)
  for (const [row, tokens] of cached.entries()) {
    records.scheduledMs[row] = records.sentMs[row] = row
    records.firstTokenMs[row] = records.lastTokenMs[row] = records.doneMs[row] = row + 1
    records.inputTokens[row] = 100
    records.outputTokens[row] = records.chunks[row] = records.firstChunkTokens[row] = 1
    if (tokens !== null) records.cachedTokens[row] = tokens
    if (failed.includes(row)) records.error[row] = errorCode('broken-stream')
  }
  return summarise(mergeRecords([records]), plain).promptCache
}

const shareOf = (promptCache: Measurement['promptCache']) => {
  const { promptCache: _, ...without } = measurement
  const figure = figures.find(({ name }) => name === 'cached_prompt_tokens_share')
  return figure?.of(promptCache === undefined ? without : { ...without, promptCache }, deployment)
}

describe('the cached share of prompt tokens', () => {
  test('is of the answers that say it', () => {
    const cache = cacheOf([50, 0, null, 100])
    assert.deepEqual(cache, { answers: 3, answersInAll: 4, cachedTokens: 150, promptTokens: 300, impossible: 0 })
    assert.equal(shareOf(cache), 0.5)
  })

  test('leaves out answers that failed', () => {
    assert.equal(cacheOf([50, 100], [1])?.promptTokens, 100)
  })

  test('is empty, never 0, where no answer says anything', () => {
    assert.equal(cacheOf([null, null]), undefined)
    assert.equal(shareOf(undefined), null)
    assert.equal(shareOf(cacheOf([0, 0])), 0)
  })

  test('is told by turn where there are turns, the last ones together', () => {
    const records = createRecords(20)
    for (let row = 0; row < 20; row++) {
      records.scheduledMs[row] = records.sentMs[row] = row
      records.firstTokenMs[row] = records.lastTokenMs[row] = records.doneMs[row] = row + 1
      records.inputTokens[row] = 100
      records.outputTokens[row] = records.chunks[row] = records.firstChunkTokens[row] = 1
      records.cachedTokens[row] = row === 0 ? 0 : 50
      records.turn[row] = row
    }
    const byTurn = summarise(mergeRecords([records]), plain).promptCache?.byTurn ?? []
    assert.equal(byTurn.length, 16)
    assert.deepEqual(byTurn[0], { answers: 1, cachedTokens: 0, promptTokens: 100 })
    assert.deepEqual(byTurn[1], { answers: 1, cachedTokens: 50, promptTokens: 100 })
    assert.deepEqual(byTurn[15], { answers: 5, cachedTokens: 250, promptTokens: 500 })
  })

  test('is empty, with a warning, where a server claims more than the prompt has', () => {
    const cache = cacheOf([50, 101])
    assert.equal(shareOf(cache), null)
    const { promptCache: _, ...without } = measurement
    assert.deepEqual(judgePromptCache(without), [])
    const [finding] = judgePromptCache({ ...without, ...(cache === undefined ? {} : { promptCache: cache }) })
    assert.deepEqual([finding?.severity, finding?.code], ['warning', 'impossible-cached-tokens'])
    assert.match(finding?.message ?? '', /^1 of 2 answers claim more cached prompt tokens/)
  })
})
