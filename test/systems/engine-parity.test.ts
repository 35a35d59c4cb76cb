import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Deployer } from '../../src/deployers/deployer.ts'
import { dynamoDeployer } from '../../src/deployers/dynamo/dynamo.ts'
import { simulatedDeployer } from '../../src/deployers/simulated/simulated.ts'
import type { ProcessLedger } from '../../src/process/ledger.ts'
import { openLedger } from '../../src/process/ledger.ts'
import { followedVersions } from '../../src/simulator/followed-version.ts'
import { profileFile } from '../../src/simulator/profile.ts'
import { deployment, disaggregated, dynamoVersions, mocker, model, watch } from './dynamo-deployment.ts'

/** The same requests to a real Dynamo and to the simulated engine: clients must not see which it is. */
for (const { version, python } of dynamoVersions) {
  describe(`the simulated engine answers as a real Dynamo ${version} does`, () => sameAnswers(version, python))
}

/** The shipped profile, by name where it follows the version anyway. */
async function profileOf(version: string, folder: string): Promise<string> {
  const shipped = 'deepseek-r1-fp4-gb200'
  if (version === followedVersions[0]) return shipped
  const file = join(folder, 'profile.yaml')
  await writeFile(file, `dynamo: ${version}\n${await readFile(profileFile(shipped), 'utf8')}`)
  return file
}

function sameAnswers(version: string, python: string): void {
  let folder = ''
  let ledger: ProcessLedger
  const deployers: Deployer[] = []
  const urls: string[] = []

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-parity-'))
    ledger = await openLedger({ runFolder: folder, folder: join(folder, 'ledger') })
    deployers.push(
      dynamoDeployer({ ...mocker, python }, { model: model.name, runFolder: join(folder, 'dynamo'), ledger }),
    )
    const config = { profile: await profileOf(version, folder) }
    deployers.push(simulatedDeployer(config, { runFolder: join(folder, 'simulated'), ledger }))
    const wanted = deployment(disaggregated(1, 1))
    for (const deployer of deployers) {
      const { endpoint } = await deployer.reconcile(wanted, watch(AbortSignal.timeout(120_000)))
      urls.push(endpoint.url)
    }
  })
  after(async () => {
    await Promise.all(deployers.map(deployer => deployer.close()))
    ledger.close()
    await rm(folder, { recursive: true, force: true })
  })

  /**
   * What a client can tell answers apart by, without what differs from answer to answer anyway: id, time, the words.
   */
  async function answerOf(url: string, path: string, body: string, contentType = 'application/json') {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': contentType },
      body,
      signal: AbortSignal.timeout(30_000),
    })
    const text = (await response.text())
      .replaceAll(/"(content|text)":"(?:[^"\\]|\\.)+"/g, '"$1":"…"')
      .replaceAll(/(chatcmpl|cmpl)-[0-9a-f-]{36}/g, '$1-ID')
      .replaceAll(/"created":\d+/g, '"created":0')
      // The mocker's tokens are random: one that ends within a character has no chunk of its own.
      .replaceAll(/(data: [^\n]+\n\n)\1+/g, '$1')
      // So does the first one of 1.6.1, which then carries the role alone.
      .replace(
        '"delta":{"role":"assistant"},"finish_reason":null',
        `"delta":{"content":"…","role":"assistant"},"finish_reason":null`,
      )
      // And what is left of a character at the end comes with the finish reason (9% of 1.6.1's streamed answers).
      .replace(/(data: [^\n]*)"text":"…","index":0,"finish_reason"/, '$1"text":"","index":0,"finish_reason"')
      .replace('"delta":{"content":"…"},"finish_reason":"length"', '"delta":{},"finish_reason":"length"')
    return { status: response.status, type: response.headers.get('content-type'), text }
  }
  async function same(path: string, body: object): Promise<void> {
    const [real, simulated] = await Promise.all(
      urls.map(url => answerOf(url, path, JSON.stringify({ model: model.name, ...body }))),
    )
    assert.deepEqual(simulated, real)
  }

  const messages = [{ role: 'user', content: 'hello there' }]
  // Enough that one token in the middle is a whole character.
  const limited = { max_tokens: 8, ignore_eos: true }
  const streamed = { ...limited, stream: true }
  const usage = { stream_options: { include_usage: true } }

  test('to chat, streamed with usage', () => same('/v1/chat/completions', { messages, ...streamed, ...usage }))
  test('to chat, streamed without usage', () => same('/v1/chat/completions', { messages, ...streamed }))
  test('to chat, whole', () => same('/v1/chat/completions', { messages, ...limited }))
  test('to chat with a system’s and an assistant’s turn, template tokens included', () => {
    const turns = [
      { role: 'system', content: 'You are brief.' },
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: 'Hi!' },
      { role: 'user', content: 'and now?' },
    ]
    return same('/v1/chat/completions', { messages: turns, ...limited })
  })
  test('to a text, streamed with usage', () => same('/v1/completions', { prompt: 'a b c', ...streamed, ...usage }))
  test('to token ids, whole', () => same('/v1/completions', { prompt: [5, 6, 7, 8], ...limited }))
  test('to several prompts', () => same('/v1/completions', { prompt: ['a', 'b'], ...limited }))

  test('to no messages', () => same('/v1/chat/completions', { messages: [], ...limited }))
  test('to no tokens wanted', () => same('/v1/chat/completions', { messages, max_tokens: 0 }))
  test('to an unknown field', () => same('/v1/chat/completions', { messages, foo_bar: 1 }))
  test('to another model', () => same('/v1/chat/completions', { messages, model: 'other' }))

  test('to a body that it can’t read, with the same status and the same words before the details', async () => {
    const bodies = [
      '{bad',
      JSON.stringify({ model: model.name }),
      JSON.stringify({ model: model.name, messages, nvext: { ignore_eos: true } }),
    ]
    for (const body of bodies) {
      const [real, simulated] = await Promise.all(urls.map(url => answerOf(url, '/v1/chat/completions', body)))
      assert.equal(simulated?.status, real?.status)
      const words = /^\{"message":"Failed to deserialize the JSON body into the target type: /
      assert.match(real?.text ?? '', words)
      assert.match(simulated?.text ?? '', words)
    }
  })
  test('to another content type', async () => {
    const [real, simulated] = await Promise.all(urls.map(url => answerOf(url, '/v1/completions', 'x', 'text/plain')))
    assert.deepEqual(simulated, real)
  })
}
