import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { runSweepFile } from '../../src/commands/run.ts'
import { readRun } from '../../src/journal/index.ts'
import { repository, temporaryFolder } from '../cli/fulcrum.ts'
import { workplace } from '../cli/fulcrum-process.ts'

const idleW = 100
const busyW = 500

/**
 * A server that answers 50 tokens in 0.3 s, with the DCGM exporter of its GPU: 500 W while it answers, else 100 W. Its
 * energy counter is exact at every moment.
 */
async function startMeteredServer() {
  const epochMs = () => performance.timeOrigin + performance.now()
  /** When the power changed, the counter then, and the power since. */
  const turns = [{ atMs: epochMs(), joules: 1000, watts: idleW }]
  const arrivedMs: number[] = []
  let inFlight = 0
  const joulesAt = (atMs: number): number => {
    const turn = turns.findLast(one => one.atMs <= atMs) ?? turns[0] ?? assert.fail()
    return turn.joules + (turn.watts * (atMs - turn.atMs)) / 1000
  }
  const count = (change: number) => {
    const atMs = epochMs()
    const joules = joulesAt(atMs)
    inFlight += change
    turns.push({ atMs, joules, watts: inFlight > 0 ? busyW : idleW })
  }
  const page = () => {
    const labels = 'gpu="0",UUID="GPU-0",pci_bus_id="00000000:1B:00.0",modelName="H100",hostname="n"'
    return [
      `DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{${labels}} ${Math.round(1000 * joulesAt(epochMs()))}`,
      `DCGM_FI_DEV_POWER_USAGE{${labels}} ${inFlight > 0 ? busyW : idleW}`,
      `DCGM_FI_DEV_GPU_UTIL{${labels}} ${inFlight > 0 ? 90 : 0}`,
      '',
    ].join('\n')
  }
  const server = createServer(async (request, response) => {
    if (request.url === '/gpus') return void response.end(page())
    if (request.url === '/v1/models')
      return void response.end(JSON.stringify({ object: 'list', data: [{ id: 'nvidia/DeepSeek-R1-FP4' }] }))
    if (request.method !== 'POST') return void response.writeHead(404).end()
    let text = ''
    for await (const part of request) text += part
    const body = JSON.parse(text) as { readonly max_tokens?: number; readonly max_completion_tokens?: number }
    const tokens = body.max_tokens ?? body.max_completion_tokens ?? 50
    arrivedMs.push(epochMs())
    count(1)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const write = (value: object) =>
      response.write(`data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, ...value })}\n\n`)
    let written = 0
    const timer = setInterval(() => {
      written++
      const finish_reason = written === tokens ? 'length' : null
      write({ choices: [{ index: 0, delta: { content: ' the' }, finish_reason }] })
      if (finish_reason === null) return
      clearInterval(timer)
      write({ choices: [], usage: { prompt_tokens: 128, completion_tokens: tokens, total_tokens: 128 + tokens } })
      response.end('data: [DONE]\n\n')
      count(-1)
    }, 6)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    joulesAt,
    /** Requests that came in a span, within a tolerance. */
    arrivedWithin: (startMs: number, endMs: number) =>
      arrivedMs.filter(atMs => atMs >= startMs - 20 && atMs <= endMs + 20).length,
    [Symbol.dispose]: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

const programs = {
  'built-in': null,
  'genai-perf': 'genai-perf/bin/genai-perf',
  aiperf: 'aiperf/bin/aiperf',
  'vllm-bench': 'vllm-rs/vllm-rs',
} as const

describe('the GPUs of a point', () => {
  for (const [name, program] of Object.entries(programs)) {
    const command = program === null ? null : join(repository, '.systems', program)
    const skip = command === null || existsSync(command) ? false : `no ${name} under .systems`
    it(`that ${name} measures have the energy of its own window`, { skip }, async () => {
      await using scratch = await temporaryFolder()
      using server = await startMeteredServer()
      const generator = command === null ? '{ name: built-in }' : `{ name: ${name}, command: ${command} }`
      await using place = await workplace(`
name: gpus-beside
model: nvidia/DeepSeek-R1-FP4
deploy: { with: attach, url: '${server.url}', gpus: 1 }
workloads: [128/50]
load: { concurrency: 2, requests: 20, warmup: 4 }
generator: ${generator}
price: 2
telemetry: { gpus: { dcgm: ['${server.url}/gpus'], sample: 100ms } }
`)
      process.env.FULCRUM_STATE_DIR = place.state
      const { folder } = await runSweepFile({
        file: place.sweepFile,
        resultsRoot: scratch.path,
        startNew: true,
        signal: AbortSignal.timeout(180_000),
      })
      const result = (await readRun(folder)).results[0] ?? assert.fail('no point')
      const { measurement } = result
      assert.ok(measurement, result.reason)
      const { gpus, startedAt, durationS, requests } = measurement
      assert.deepEqual(
        result.findings.filter(({ code }) => code.startsWith('gpu')),
        [],
      )
      assert.equal(gpus?.source, 'dcgm')
      const { energyJ, energyErrorJ, energyFrom, role, utilization } = gpus.gpus[0] ?? assert.fail('no GPU')
      assert.deepEqual([energyFrom, role], ['counter', 'aggregated'])
      const startMs = Date.parse(startedAt)
      const endMs = startMs + 1000 * durationS
      const truth = server.joulesAt(endMs) - server.joulesAt(startMs)
      assert.ok(energyJ !== null && energyErrorJ !== null)
      assert.ok(Math.abs(energyJ - truth) <= energyErrorJ, `${energyJ} ± ${energyErrorJ} J, not ${truth}`)
      // The load lies in the window: neither a start-up nor a warm-up is counted, and nothing is cut off.
      const arrived = server.arrivedWithin(startMs, endMs)
      assert.ok(Math.abs(arrived - requests.sent) <= 2, `${arrived} requests in a window of ${requests.sent}`)
      assert.ok(energyJ / durationS > 0.9 * busyW, `${energyJ / durationS} W`)
      assert.ok((utilization ?? 0) > 0.7, `${utilization}`)
    })
  }
})
