import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { Subprocess } from 'execa'
import { execa } from 'execa'
import { fulcrum } from '../cli/fulcrum.ts'
import { parseCsv } from '../render/parse-csv.ts'

/** A real Dynamo frontend, and behind it an embedding worker of the test's own; they find each other through files. */
const systems = join(import.meta.dirname, '../../.systems')
const python = join(systems, 'dynamo/bin/python')
const model = 'nvidia/DeepSeek-R1-FP4'

let folder = ''
let url = ''
const processes: Subprocess[] = []

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fulcrum-embeddings-'))
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  const env = {
    HF_HUB_OFFLINE: '1',
    HF_HOME: join(systems, 'hf'),
    DYN_DISCOVERY_BACKEND: 'file',
    DYN_FILE_KV: join(folder, 'discovery'),
    DYN_REQUEST_PLANE: 'tcp',
    DYN_TCP_RPC_HOST: '127.0.0.1',
    DYN_NAMESPACE: `embeddings-${process.pid}`,
  }
  const start = (args: readonly string[]) =>
    execa(python, args, { env, cwd: folder, reject: false, stdio: 'ignore', detached: true, cleanup: true })
  const snapshot = join(systems, 'hf/hub/models--nvidia--DeepSeek-R1-FP4/snapshots/local')
  processes.push(start(['-m', 'dynamo.frontend', '--http-host', '127.0.0.1', '--http-port', `${port}`]))
  processes.push(start([join(import.meta.dirname, 'stand-ins/embeds.py'), model, snapshot]))
  const deadline = AbortSignal.timeout(90_000)
  while (!(await answers())) await wait(200, undefined, { signal: deadline })
})

after(async () => {
  for (const child of processes) {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
    await child
  }
  await rm(folder, { recursive: true, force: true })
})

async function answers(): Promise<boolean> {
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, input: 'hello' }),
    signal: AbortSignal.timeout(10_000),
  }
  return fetch(`${url}/v1/embeddings`, request).then(
    ({ ok }) => ok,
    () => false,
  )
}

test('embeddings of a real Dynamo are measured with the exact ISL, with a tokenizer and by asking the server', async () => {
  for (const tokenizer of ['builtin:deepseek-v3', 'server']) {
    const file = join(folder, 'vectors.yaml')
    await writeFile(
      file,
      `name: vectors
model: { name: ${model}, tokenizer: ${tokenizer} }
deploy: { with: attach, url: ${url}, gpus: 1 }
topologies: [agg x1]
workloads: [{ isl: 200 }]
load: { api: embeddings, concurrency: [2], requests: 8x }
# A busy machine is no fault of what is tested here.
validity: { send_lateness_p99_ms: 9999, event_loop_delay_p99_ms: 9999, cpu_share: 1, run_queue_share: 1, in_flight_share: 0.01 }
`,
    )
    const results = join(folder, `results-${tokenizer.length}`)
    const { exitCode, stdout, stderr } = await fulcrum(['run', file, '--new', '--out', results])
    assert.equal(exitCode, 0, stdout + stderr)
    assert.match(stdout, /at c(oncurrency)? 2 embeds the most tokens per GPU/)
    const [run = ''] = await readdir(join(results, 'vectors'))
    const [row] = parseCsv(await readFile(join(results, 'vectors', run, 'report/points.csv'), 'utf8'))
    assert.deepEqual([row?.status, row?.isl_measured, row?.ttft_p95_ms], ['ok', '200', ''])
    assert.ok(Number(row?.embedded_tokens_per_s_per_gpu) > 0)
  }
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
