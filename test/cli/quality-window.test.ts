import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { answer, jsonResponse, scriptedServer } from '../mock-server/scripted.ts'
import { parseCsv } from '../render/parse-csv.ts'
import { fulcrum, temporaryFolder } from './fulcrum.ts'

const questions = Array.from({ length: 12 }, (_, index) => ({
  question: `What is ${index} + 1?`,
  answer: `${index + 1}`,
}))

/** Answers load with a stream and questions as they should be; every third question is answered wrongly. */
async function measured(quality: string) {
  await using place = await temporaryFolder()
  const order: ('load' | 'question')[] = []
  await using server = await scriptedServer((socket, { path, body }) => {
    if (path.endsWith('/models') || path.endsWith('/metrics')) {
      socket.write(jsonResponse('404 Not Found', {}))
      return
    }
    const asked = JSON.parse(body.toString())
    const text: string = asked.messages?.at(-1)?.content ?? ''
    const [, number] = /^What is (\d+) \+ 1\?$/.exec(text) ?? []
    order.push(number === undefined ? 'load' : 'question')
    const said = `${Number(number) + (Number(number) % 3 === 0 ? 2 : 1)}`
    const choice = { message: { content: said }, finish_reason: 'stop' }
    const usage = { prompt_tokens: 9, completion_tokens: 1 }
    socket.write(number === undefined ? answer(8) : jsonResponse('200 OK', { choices: [choice], usage }))
  })
  await writeFile(join(place.path, 'questions.jsonl'), questions.map(line => JSON.stringify(line)).join('\n'))
  const file = join(place.path, 'checked.yaml')
  await writeFile(
    file,
    `name: checked
model: nvidia/DeepSeek-R1-FP4
deploy: { with: attach, url: "${server.url}", gpus: 1 }
topologies: [agg x1]
workloads: [64/8]
load: { concurrency: [1, 3], requests: 20, warmup: 2x }
${quality}
# A busy machine is no fault of what is tested here.
validity: { send_lateness_p99_ms: 9999, event_loop_delay_p99_ms: 9999, cpu_share: 1, run_queue_share: 1, in_flight_share: 0.01, isl_deviation: 1 }
`,
  )
  const results = join(place.path, 'results')
  const { exitCode, stdout, stderr } = await fulcrum(['run', file, '--new', '--out', results])
  assert.equal(exitCode, 0, stdout + stderr)
  const [run = ''] = await readdir(join(results, 'checked'))
  const folder = join(results, 'checked', run)
  const logs = await readdir(join(folder, 'points'))
  const requests = await Promise.all(
    logs.map(async id => gunzipSync(await readFile(join(folder, 'points', id, 'requests.jsonl.gz'))).toString()),
  )
  return {
    order,
    requests: requests.join('').trimEnd().split('\n').length,
    rows: parseCsv(await readFile(join(folder, 'report/points.csv'), 'utf8')),
  }
}

test('questions are asked when the measured load is over, count in no figure, and their accuracy is that of the answers', async () => {
  const { order, requests, rows } = await measured('quality: { questions: questions.jsonl, at: point }')
  // Load in one piece, then questions in one piece, at each of the two points.
  assert.match(order.map(kind => kind.charAt(0)).join(''), /^l+q+l+q+$/)
  for (const row of rows) {
    assert.deepEqual([row.requests, row.errors, row.osl_measured, row.accuracy_questions], ['20', '0', '8', '12'])
    assert.ok(Math.abs(Number(row.accuracy) - 8 / 12) < 1e-6, row.accuracy)
  }
  // Every request of the load is in the log of its point, but for the probe before them; no question is.
  assert.equal(requests, order.filter(kind => kind === 'load').length - 1)

  const without = await measured('')
  assert.ok(without.order.every(kind => kind === 'load'))
  const figures = (row: Readonly<Record<string, string>>) => [
    row.requests,
    row.errors,
    row.osl_measured,
    row.isl_measured,
  ]
  assert.deepEqual(rows.map(figures), without.rows.map(figures))
})
