// Test part: process

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { disagreements } from '../../../src/generators/programs/agreement.ts'
import { longestRunMs } from '../../../src/generators/programs/bounds.ts'
import { findProgram } from '../../../src/generators/programs/find-program.ts'
import { layOutHubCache, repositoryName } from '../../../src/generators/programs/hub-cache.ts'
import { errorsOf, type Row, recordsOf } from '../../../src/generators/programs/rows.ts'
import { type ProgramSpec, runProgram } from '../../../src/generators/programs/run-program.ts'
import { socketSilence } from '../../../src/generators/programs/socket-silence.ts'
import { openLedger, type ProcessLedger } from '../../../src/process/ledger.ts'
import { groupMembers } from '../../../src/process/proc.ts'
import { programPoint } from './program-point.ts'

let folder = ''
let ledger: ProcessLedger
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fulcrum-programs-'))
  ledger = await openLedger({ folder: join(folder, 'ledger') })
})
after(async () => {
  ledger.close()
  await rm(folder, { recursive: true, force: true })
})

describe('a program’s place', () => {
  it('is found on PATH by name, and by path as the sweep file gives it', async () => {
    const bin = join(folder, 'venv/bin')
    await mkdir(bin, { recursive: true })
    const path = join(bin, 'some-perf')
    await writeFile(path, '#!/bin/sh\n')
    await chmod(path, 0o755)
    assert.deepEqual(await findProgram('some-perf', undefined, 'pip', `/nowhere:${bin}`), { path, binFolder: bin })
    assert.deepEqual(await findProgram('some-perf', path, 'pip', ''), { path, binFolder: bin })
  })

  it('is neither a folder nor a file that cannot be executed, and the error says which of them it is', async () => {
    const file = join(folder, 'not-executable')
    await writeFile(file, '')
    const wrong = (command: string) =>
      findProgram('aiperf', command, 'pip', '').then(String, (error: Error) => error.message)
    assert.equal(await wrong(file), `${file} is not aiperf: it is not executable`)
    assert.equal(await wrong(`${folder}/`), `${folder}/ is not aiperf: it is a folder`)
    assert.equal(await wrong('/nowhere/aiperf'), 'aiperf was not found at /nowhere/aiperf')
  })

  it('is told with how to install it when it isn’t there', async () => {
    await assert.rejects(findProgram('genai-perf', undefined, 'pip install genai-perf', '/nowhere'), {
      kind: 'environment',
      code: 'generator-missing',
      remedy: /pip install genai-perf.*command:/,
    })
  })
})

describe('a tokenizer in the hub’s cache', () => {
  it('is laid out as a download would be, so that its name resolves offline', async () => {
    const root = join(folder, 'hf')
    const cache = await layOutHubCache(root, 'nvidia/DeepSeek-R1-FP4', 'builtin:deepseek-v3')
    const repository = join(root, 'hub/models--nvidia--DeepSeek-R1-FP4')
    const revision = await readFile(join(repository, 'refs/main'), 'utf8')
    for (const file of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) {
      const text = await readFile(join(repository, 'snapshots', revision, file), 'utf8')
      assert.equal(typeof JSON.parse(text), 'object')
    }
    assert.equal(cache.tokenizer, 'nvidia/DeepSeek-R1-FP4')
    assert.equal(cache.env.HF_HUB_OFFLINE, '1')
  })

  it('has a folder for the program’s temporary files, which goes with it', async () => {
    const root = join(folder, 'hf-temporary')
    const { env } = await layOutHubCache(root, 'nvidia/DeepSeek-R1-FP4', 'builtin:deepseek-v3')
    const { TMPDIR = '' } = env
    assert.ok(TMPDIR.startsWith(`${root}/`))
    assert.ok((await stat(TMPDIR)).isDirectory())
  })

  it('has a name that the hub allows, whatever the served model is called', () => {
    assert.equal(repositoryName('nvidia/DeepSeek-R1-FP4'), 'nvidia/DeepSeek-R1-FP4')
    assert.equal(repositoryName('/models/my model'), 'models/my-model')
    assert.equal(repositoryName('///'), 'model')
  })
})

describe('the run of a program', () => {
  const spec = (script: string, more: Partial<ProgramSpec> = {}): ProgramSpec => ({
    name: 'script',
    argv: ['/bin/sh', '-c', script],
    env: {},
    folder,
    logFile: join(folder, 'script.log'),
    deadlineMs: 60_000,
    signal: AbortSignal.timeout(60_000),
    ledger,
    watch: async () => null,
    ...more,
  })

  it('ends with its exit code and its last lines', async () => {
    const end = await runProgram(spec('echo one; echo two >&2; exit 3'))
    assert.deepEqual(end.exit, { code: 3, signal: null })
    assert.deepEqual([...end.lines].sort(), ['one', 'two'])
    assert.equal(end.gaveUp, null)
  })

  it('leaves no child alive that the program left behind', async () => {
    let group: readonly number[] = []
    const looked = join(folder, 'looked')
    // The program stays until the watch has seen its child.
    const seen = async (_: readonly string[], members: readonly number[]) => {
      group = members
      if (members.length >= 2) await writeFile(looked, '')
      return null
    }
    await runProgram(spec(`sleep 300 & until [ -e ${looked} ]; do sleep 0.05; done`, { watch: seen }))
    assert.ok(group.length >= 2)
    assert.deepEqual(await groupMembers(Math.min(...group)), [])
  })

  it('is given up, its group killed, when the watch says so', async () => {
    const end = await runProgram(spec('trap "" TERM; sleep 300 & wait', { watch: async () => 'it is silent' }))
    assert.equal(end.gaveUp, 'it is silent')
    assert.equal(end.exit, null)
  })

  it('is given up at its deadline', async () => {
    const end = await runProgram(spec('sleep 300', { deadlineMs: 1 }))
    assert.match(end.gaveUp ?? '', /still running/)
  })

  it('throws the signal’s reason when aborted', async () => {
    const abort = new AbortController()
    const reason = new Error('Ctrl-C')
    const watch = async () => {
      abort.abort(reason)
      return null
    }
    await assert.rejects(runProgram(spec('sleep 300', { signal: abort.signal, watch })), reason)
  })

  it('is refused in words when there is no such program', async () => {
    await assert.rejects(runProgram({ ...spec(''), argv: ['/nowhere/at-all'] }), { code: 'program-not-started' })
  })
})

describe('the silence of sockets', () => {
  it('is measured by the kernel from the last byte that came', async () => {
    const accepted: Socket[] = []
    const server = createServer(socket => accepted.push(socket)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
    await once(client, 'connect')
    const silence = await socketSilence([process.pid], AbortSignal.timeout(10_000))
    for (const socket of [...accepted, client]) socket.destroy()
    server.close()
    assert.ok((silence?.sockets ?? 0) >= 1)
    assert.ok(silence?.silentMs !== null)
  })

  it('is unknown to a process without connections', async () => {
    assert.deepEqual(await socketSilence([2 ** 30], AbortSignal.timeout(10_000)), { sockets: 0, silentMs: null })
  })
})

describe('the longest legal run', () => {
  const { load } = programPoint('genai-perf')
  it('gives every wave of requests its deadline', () => {
    const waves = longestRunMs({ ...load, requests: 20, warmup: 4, timeoutMs: 10_000 })
    assert.ok(waves > ((20 + 4) / 2) * 10_000)
  })
  it('grows with what is asked', () => {
    assert.ok(longestRunMs({ ...load, requests: 200 }) > longestRunMs({ ...load, requests: 100 }))
  })
})

describe('rows of a program’s record', () => {
  const row = (scheduledMs: number, failure: Row['failure'] = null): Row => ({
    scheduledMs,
    sentMs: scheduledMs + 1,
    firstTokenMs: scheduledMs + 2,
    secondTokenMs: Number.NaN,
    lastTokenMs: scheduledMs + 5,
    doneMs: scheduledMs + 6,
    inputTokens: 3,
    outputTokens: 4,
    chunks: 4,
    firstChunkTokens: 1,
    failure,
  })

  it('become columns in scheduled order, from zero', () => {
    const records = recordsOf([row(1.7e12 + 5), row(1.7e12)])
    assert.deepEqual([...records.scheduledMs], [0, 5])
    assert.deepEqual([...records.firstTokenMs], [2, 7])
  })

  it('count their failures by kind, with the first message of each', () => {
    const failed = (kind: 'timeout' | 'connect', message: string) => row(0, { kind, message })
    assert.deepEqual(errorsOf([failed('connect', 'a'), failed('timeout', 'b'), row(0), failed('timeout', 'c')]), [
      { kind: 'timeout', count: 2, example: 'b' },
      { kind: 'connect', count: 1, example: 'a' },
    ])
  })
})

describe('a program’s summary against its record', () => {
  it('may differ by rounding, and is called out beyond', () => {
    assert.deepEqual(disagreements('aiperf', [{ name: 'TTFT', stated: 50.1, recorded: 50.2 }]), [])
    const [finding] = disagreements('aiperf', [{ name: 'TTFT mean (ms)', stated: 60, recorded: 50 }])
    assert.match(finding?.message ?? '', /TTFT mean \(ms\) 60, by its record 50/)
  })
  it('is not judged where it says nothing', () => {
    assert.deepEqual(disagreements('aiperf', [{ name: 'x', stated: undefined, recorded: 1 }]), [])
  })
})
