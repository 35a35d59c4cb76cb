// Test part: load

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { judge } from '../../../src/metrics/validity.ts'
import { parts, scriptedServer } from '../../mock-server/scripted.ts'
import { measureAt, pointOf } from './setting.ts'

const { streamHead, chunked, event, last } = parts
const url = `data:image/png;base64,${Buffer.alloc(3000, 7).toString('base64')}`
const row = (text: string) => ({
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text },
        { type: 'image_url', image_url: { url } },
      ],
    },
  ],
})

describe('prompts with images', () => {
  let folder = ''
  let file = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-images-'))
    file = join(folder, 'images.jsonl')
    await writeFile(file, ['a', 'b', 'c', 'd'].map(text => JSON.stringify(row(text))).join('\n'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  async function measured(usage: object | null) {
    const word = event({ choices: [{ index: 0, delta: { content: ' word' }, finish_reason: null }] })
    const end = event({
      choices: [{ index: 0, delta: {}, finish_reason: 'length' }],
      ...(usage === null ? {} : { usage }),
    })
    const answer = `${streamHead}${word.repeat(4)}${end}${chunked('data: [DONE]\n\n')}${last}`
    await using server = await scriptedServer(socket => socket.write(answer))
    const measurement = await measureAt(server.url, { workload: { datasetFile: file } })
    return { measurement, bodies: server.requests.map(({ body }) => JSON.parse(body.toString())) }
  }

  it('reach the server whole, and their ISL is what it counts', async () => {
    const { measurement, bodies } = await measured({ prompt_tokens: 789, completion_tokens: 4 })
    assert.equal(bodies.length, 6)
    assert.deepEqual(bodies[0].messages, row('a').messages)
    assert.deepEqual([measurement.isl?.mean, measurement.deviation.ofRequests?.isl], [789, null])
    // Nobody asked for a number of tokens that the images would have to keep to.
    const codes = judge(pointOf(), measurement).map(({ code }) => code)
    assert.ok(!codes.includes('isl-deviation'), codes.join())
  })

  it('have no ISL where the server does not count them', async () => {
    const { measurement } = await measured(null)
    assert.deepEqual([measurement.isl, measurement.totals.inputTokens], [null, null])
    assert.equal(measurement.requests.completed, 6)
  })
})
