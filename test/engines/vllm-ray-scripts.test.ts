// Test part: process

import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { execa } from 'execa'
import { freePort } from '../../src/deployers/ports.ts'
import { rayRanks } from '../../src/engines/vllm/ray.ts'

/** Stands for the engine's Python: how long Ray, the wait for the nodes and the worker take, and how they end. */
const python = `#!/bin/bash
runs() {
  trap 'echo '"$1"' told; kill $! 2>/dev/null; exit 0' TERM
  echo "$1 at $RAY_ADDRESS"
  sleep "$2" >/dev/null 2>&1 &
  wait
  exit "$3"
}
case "$*" in
*'import grpc'*) exit 1 ;;
*'ray.scripts.scripts start'*) runs ray "\${RAY_S:-100}" 1 ;;
'-c '*) echo "waiting at $RAY_ADDRESS"; exec sleep "\${WAIT_S:-0.1}" ;;
*) runs worker "\${WORKER_S:-100}" "\${WORKER_CODE:-0}" ;;
esac
`

describe('the programs of a worker over Ray', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-ray-scripts-'))
    await writeFile(join(folder, 'python'), python)
    await chmod(join(folder, 'python'), 0o755)
  })
  after(() => rm(folder, { recursive: true, force: true }))

  async function start(rank: number, env: { readonly [name: string]: string }) {
    const head = { address: '127.0.0.1', port: await freePort() }
    const one = { rank, nodes: 2, gpusPerNode: 4, address: '127.0.0.1', head, folder }
    const [program, ...args] = rayRanks.commandOf?.(one, [join(folder, 'python'), '-m', 'dynamo.vllm']) ?? ['false']
    const limited = args.map(arg => (arg === '300' ? '1' : arg))
    return { head, process: execa(program, limited, { env, reject: false, all: true }) }
  }
  async function run(rank: number, env: { readonly [name: string]: string }) {
    const { exitCode, all } = await (await start(rank, env)).process
    return { exitCode, said: all }
  }

  it('start Ray, then the worker, and end with the worker and its exit code', async () => {
    const { exitCode, said } = await run(0, { WORKER_S: '0.1', WORKER_CODE: '3' })
    assert.equal(exitCode, 3)
    assert.match(said, /ray at \n[\s\S]*worker at 127\.0\.0\.1:\d+\nray told$/)
    assert.match(said, /waiting at 127\.0\.0\.1:\d+\n[\s\S]*worker/)
  })

  it('end the worker when Ray ends', async () => {
    const { exitCode, said } = await run(0, { RAY_S: '1' })
    assert.equal(exitCode, 70)
    assert.match(said, /Ray has ended on the head node\nworker told$/)
  })

  it('give up when not all nodes join in time, and when the head does not listen', async () => {
    const head = await run(0, { WAIT_S: '100' })
    assert.equal(head.exitCode, 70)
    assert.match(head.said, /not all 2 nodes have joined Ray at 127\.0\.0\.1:\d+ within 1 s\nray told$/)
    const other = await run(1, {})
    assert.equal(other.exitCode, 70)
    assert.match(other.said, /^Ray did not listen on 127\.0\.0\.1:\d+ within 1 s$/)
  })

  it('end both when only their shell is told to', async () => {
    const { process } = await start(0, {})
    process.stdout.on('data', data => {
      if (String(data).includes('worker at')) process.kill('SIGTERM')
    })
    const { exitCode, all } = await process
    assert.equal(exitCode, 143)
    assert.match(all, /ray told/)
    assert.match(all, /worker told/)
  })
})
