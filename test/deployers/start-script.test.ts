// Test part: load
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { execa } from 'execa'
import { dynamo } from '../../src/deployers/dynamo/index.ts'
import { addressOfNode, startScript } from '../../src/deployers/start-script.ts'
import { deployment, disaggregated, mocker } from '../systems/dynamo-deployment.ts'

describe('a script that starts a deployment', () => {
  let folder = ''
  let url = ''
  const server = createServer((_, response) => response.end('{}'))
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-start-'))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(async () => {
    server.close()
    server.closeAllConnections()
    await rm(folder, { recursive: true, force: true })
  })

  const ready = async (running: { readonly stdout: NodeJS.ReadableStream }) =>
    once(createInterface(running.stdout), 'line', { signal: AbortSignal.timeout(60_000) })

  /** Lives while it gets signs of life, as the guard of a task does, and notes why it ended. */
  const guarded = (note: string) => ({
    name: 'guarded',
    argv: [
      'bash',
      '-c',
      'trap "echo TERM >\\"$1\\"; exit" TERM; while read -r -t 20 _; do :; done; echo "end of input" >"$1"',
      'guard',
      note,
    ],
    env: {},
    endsBy: 'stdin' as const,
  })

  test('ends what runs under guard by the end of its input, not by a signal', async () => {
    const note = join(folder, 'note')
    const file = join(folder, 'guarded.sh')
    const script = { about: 'x', processes: [guarded(note)], url, model: 'm', readyTimeoutS: 60 }
    await writeFile(file, startScript(script))
    const running = execa('bash', [file], {
      reject: false,
      detached: true,
      timeout: 60_000,
      forceKillAfterDelay: false,
    })
    assert.deepEqual(await ready(running), [`ready: ${url}`])
    running.kill('SIGTERM')
    assert.equal((await running).exitCode, 143)
    assert.equal(await readFile(note, 'utf8'), 'end of input\n')
  })

  test('looks up addresses first, and fills them in', async () => {
    const note = join(folder, 'addresses')
    const file = join(folder, 'addresses.sh')
    const argv = ['bash', '-c', 'echo "$*" >"$0"; exec sleep 60', note, `--a=${addressOfNode(1)}`, addressOfNode(0)]
    const addressesOf = ['echo 10.0.0.1', "printf '10.0.0.2\\n10.9.9.9\\n'"]
    const script = { about: 'x', processes: [{ name: 'a', argv, env: {} }], url, model: 'm', readyTimeoutS: 60 }
    await writeFile(file, startScript({ ...script, addressesOf }))
    const running = execa('bash', [file], {
      reject: false,
      detached: true,
      timeout: 60_000,
      forceKillAfterDelay: false,
    })
    assert.deepEqual(await ready(running), [`ready: ${url}`])
    running.kill('SIGTERM')
    await running
    assert.equal(await readFile(note, 'utf8'), '--a=10.0.0.2 10.0.0.1\n')
  })

  test('starts nothing if a node has no address', async () => {
    const file = join(folder, 'nowhere.sh')
    const note = join(folder, 'never')
    const processes = [{ name: 'a', argv: ['touch', note], env: {} }]
    const script = { about: 'x', processes, url, model: 'm', readyTimeoutS: 60, addressesOf: ['false'] }
    await writeFile(file, startScript(script))
    const { exitCode, stderr } = await execa('bash', [file], { reject: false })
    assert.deepEqual([exitCode, stderr], [1, 'no address from: false'])
    await assert.rejects(readFile(note))
  })
})

describe('what tune writes for nodes over ssh', () => {
  const config = {
    ...mocker,
    head: '10.0.0.1',
    ssh: { config: '/etc/own_config', options: { User: 'me' } },
    env: { ...mocker.env, HF_TOKEN: 'hf_verysecret' },
  }
  const scriptOf = (
    nodes: readonly { readonly name: string; readonly address?: string; readonly gpus?: readonly number[] }[],
  ) =>
    dynamo.of({ ...config, nodes }).files({
      deployment: deployment(disaggregated(1, 1)),
      model: 'm',
      folder: '/x',
    })?.files[0]?.content ?? ''

  test('runs each worker on its node, by the connection that the sweep file describes, without secrets', () => {
    const script = scriptOf([
      { name: 'north', gpus: [0, 1, 2, 3] },
      { name: 'south', address: '10.0.0.9' },
    ])
    for (const name of ['prefill-0', 'decode-0']) assert.match(script, new RegExp(`^start_guarded ${name} ssh -T`, 'm'))
    assert.match(script, /ssh -T -F \/etc\/own_config -o 'User=me' .* -- north /)
    assert.match(script, /^start nats nats-server -js -a 10\.0\.0\.1 /m)
    assert.match(script, /ssh -F \/etc\/own_config -G -- north/)
    assert.match(script, /address=\$\(echo 10\.0\.0\.9 /)
    assert.ok(!script.includes('hf_verysecret'))
  })

  test('looks no address up where the sweep file has them all', () => {
    const script = scriptOf([
      { name: 'north', address: '10.0.0.8' },
      { name: 'south', address: '10.0.0.9' },
    ])
    assert.doesNotMatch(script, /addresses/)
    assert.match(script, /DYN_TCP_RPC_HOST=10\.0\.0\.8/)
  })
})

test('workers in containers on this machine are fed signs of life, too', () => {
  const container = { image: 'dynamo:latest', runtime: 'docker' as const, args: [], python: 'python3' }
  const files = dynamo.of({ ...mocker, container }).files({
    deployment: deployment(disaggregated(1, 1)),
    model: 'm',
    folder: '/x',
  })
  assert.match(files?.files[0]?.content ?? '', /^start_guarded decode-0 bash -c/m)
})
