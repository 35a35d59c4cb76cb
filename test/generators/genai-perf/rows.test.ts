import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseResponse } from '../../../src/generators/genai-perf/response.ts'
import { rowsOf } from '../../../src/generators/genai-perf/rows.ts'

const delta = (fields: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: fields, finish_reason: finish }] })}\n\n`
const word = delta({ content: ' word' })
const usage = (tokens: number, prompt = 7) =>
  `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: prompt, completion_tokens: tokens } })}\n\n`
const done = 'data: [DONE]\n\n'
const whole = `${word.repeat(10)}${delta({}, 'length')}${usage(10)}${done}`

/** One row for each answer; the tokenizer counts words. */
function rowsFrom(...bodies: readonly string[]) {
  const answers = bodies.map(body => ({
    ...parseResponse(
      {
        timestamp: 0,
        request_inputs: { payload: '{}' },
        response_timestamps: [1e6],
        response_outputs: [{ response: body }],
      },
      'chat',
      true,
      0,
    ),
    prompt: 'three words long',
  }))
  return rowsOf(answers, null, text => text.trim().split(/\s+/).length)
}

describe('rows of perf_analyzer’s answers', () => {
  it('fail where an answer lacks the end that most have', () => {
    const { rows } = rowsFrom(
      whole,
      whole,
      whole,
      `${word.repeat(5)}${done}`,
      `${word.repeat(5)}${delta({}, 'length')}`,
    )
    assert.deepEqual(
      rows.map(({ failure }) => failure?.kind ?? null),
      [null, null, null, 'broken-stream', 'broken-stream'],
    )
  })

  it('fail by errors of any shape and by finish reasons that say failure', () => {
    for (const end of [
      'data: {"object":"error","message":"died","code":500}\n\n',
      'event: error\n: died\n\n',
      'data: {"detail":"died"}\n\n',
      delta({}, 'abort'),
    ])
      assert.equal(rowsFrom(`${word}${end}${done}`).rows[0]?.failure?.kind, 'server-error')
    assert.equal(rowsFrom(`${delta({ content: 'a' }, '')}${done}`).rows[0]?.failure?.kind, 'broken-stream')
  })

  it('have the tokenizer’s count of the answers alone that the server did not count', () => {
    const found = rowsFrom(whole, whole, `${word.repeat(8)}${delta({}, 'length')}${done}`)
    assert.deepEqual(
      found.rows.map(({ outputTokens, inputTokens }) => [outputTokens, inputTokens]),
      [
        [10, 7],
        [10, 7],
        [8, 3],
      ],
    )
    assert.deepEqual([found.tokenSource, found.tokenCounts.missing], ['usage', 1])
  })

  it('do not believe a usage that cannot be', () => {
    const said = (tokens: number, prompt?: number) =>
      rowsFrom(`${word.repeat(10)}${delta({}, 'length')}${usage(tokens, prompt)}${done}`)
    assert.deepEqual([said(0).rows[0]?.outputTokens, said(0).tokenCounts.impossible], [10, 1])
    assert.deepEqual([said(1).rows[0]?.outputTokens, said(1).tokenCounts.impossible], [10, 1])
    const early = rowsFrom(`${usage(0)}${word.repeat(10)}${delta({}, 'length')}${done}`)
    assert.deepEqual([early.rows[0]?.outputTokens, early.tokenCounts.early], [10, 1])
    assert.deepEqual([said(10, 0).rows[0]?.inputTokens, said(10, 0).tokenCounts.noPromptTokens], [3, 1])
  })

  it('take the tokens of a first chunk that carries several off', () => {
    const four = delta({ content: ' a b c d' })
    const { rows } = rowsFrom(`${four.repeat(5)}${delta({}, 'length')}${usage(20)}${done}`)
    assert.equal(rows[0]?.firstChunkTokens, 4)
  })
})
