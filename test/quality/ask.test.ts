// Test part: load
import assert from 'node:assert/strict'
import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { accuracyOf, countsOf } from '../../src/metrics/quality.ts'
import { checkQuality } from '../../src/quality/check.ts'
import { questionsSha256, readQuestions } from '../../src/quality/questions.ts'
import type { QualityWanted } from '../../src/quality/wanted.ts'
import { smallPlan } from '../runner/small-system.ts'

const count = 200
const text = Array.from({ length: count }, (_, n) =>
  JSON.stringify({ question: `What is ${n} + 1?`, answer: `${n + 1}` }),
)
const { questions } = readQuestions(text.join('\n'))
const set = { file: '/q.jsonl', sha256: questionsSha256(questions), questions, maxTokens: 16, system: null, extra: {} }
const wanted: QualityWanted = { at: 'deployment', questions: set, lmEval: null }

let asked: string[] = []
let [inFlight, most] = [0, 0]
let bodies: { temperature?: number; max_tokens?: number; ignore_eos?: boolean }[] = []
let answer: (n: number) => string | null = n => `${n + 1}`
const server = createServer(async (request, response) => {
  most = Math.max(most, ++inFlight)
  let body = ''
  for await (const part of request) body += part
  const parsed = JSON.parse(body) as { messages: { content: string }[] }
  bodies.push(parsed as (typeof bodies)[number])
  const question = parsed.messages[0]?.content ?? ''
  asked.push(question)
  const said = answer(Number(/\d+/.exec(question)?.[0]))
  inFlight--
  if (said === null) response.writeHead(503).end('busy')
  else response.end(JSON.stringify({ choices: [{ message: { content: said }, finish_reason: 'stop' }] }))
})
await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
const folder = await mkdtemp(join(tmpdir(), 'fulcrum-quality-'))
after(async () => {
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(() => {
  asked = []
  bodies = []
  most = 0
})

const [point] = smallPlan([1]).deployments[0]?.points ?? []
assert.ok(point)
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

const check = (name: string, concurrency: number) =>
  checkQuality(wanted, {
    point: { ...point, load: { ...point.load, timeoutMs: 60_000 } },
    endpoint: { url, model: 'tiny', dialect: 'openai', metricsUrls: {} },
    concurrency,
    runFolder: folder,
    folder: join(folder, name),
    signal: new AbortController().signal,
    onProgress: () => {},
  })

test('the accuracy of a server with a known error rate is found, and its interval covers it', async () => {
  answer = n => (n % 10 === 3 ? 'no idea' : `${n + 1}`)
  const accuracy = accuracyOf(await check('known', 8))
  assert.equal(accuracy?.share, 0.9)
  assert.ok(accuracy.interval[0] < 0.9 && 0.9 < accuracy.interval[1])
  assert.ok(most <= 8)
  assert.ok(bodies.every(body => body.temperature === 0 && body.max_tokens === 16 && body.ignore_eos === undefined))
})

test('a failed request is unanswered: neither right nor wrong, and too many leave the accuracy unknown', async () => {
  answer = n => (n === 7 ? null : `${n + 1}`)
  const few = await check('few', 4)
  assert.deepEqual(countsOf(few.questions?.outcomes ?? ''), { right: count - 1, wrong: 0, unanswered: 1 })
  assert.equal(accuracyOf(few)?.answered, count - 1)
  assert.match(few.questions?.errors[0]?.example ?? '', /^HTTP 503: busy/)
  answer = n => (n < 20 ? null : `${n + 1}`)
  assert.equal(accuracyOf(await check('many', 4)), null)
})

test('a check that was killed asks only what has no answer, and a torn line is asked again', async () => {
  answer = n => `${n + 1}`
  const row = (question: number) =>
    `${JSON.stringify({ question, outcome: '-', answer: 'x', truncated: false, error: null, id: '' })}\n`
  await check('whole', 1)
  assert.equal(asked.length, count)
  const { mkdir } = await import('node:fs/promises')
  await mkdir(join(folder, 'killed'))
  await appendFile(join(folder, 'killed/answers.jsonl'), `${row(0)}${row(1)}${row(2).slice(0, 20)}`)
  asked = []
  const { questions: found } = await check('killed', 1)
  assert.equal(asked.length, count - 2)
  assert.equal(asked[0], 'What is 2 + 1?')
  assert.equal(found?.outcomes, `--${'+'.repeat(count - 2)}`)
})
