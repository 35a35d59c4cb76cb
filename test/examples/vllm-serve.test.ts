// Test part: process

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createDeployer } from '../../src/deployers/create.ts'
import type { DeployContext, DeployEvent, Deployer } from '../../src/deployers/deployer.ts'
import { FulcrumError } from '../../src/model/index.ts'
import { statOf } from '../../src/process/proc.ts'
import { sweepOf } from '../../src/spec/load-sweep.ts'
import type { Sweep } from '../../src/spec/sweep.ts'
import { temporaryFolder } from '../cli/fulcrum.ts'

const path = join(import.meta.dirname, '../../examples/plugins/vllm-serve/sweep.yaml')
const standIn = join(import.meta.dirname, 'fixtures/vllm')

/** The example's sweep over the stand-in, with parts of its text replaced. */
async function sweepWith(...changes: readonly (readonly [string, string])[]): Promise<Sweep> {
  let text = (await readFile(path, 'utf8')).replace('program: vllm', `program: ${standIn}`)
  for (const [from, to] of changes) {
    assert.ok(text.includes(from), from)
    text = text.replace(from, to)
  }
  return await sweepOf({ text, path, shown: 's.yaml', options: {} })
}

function watch(): DeployContext & { readonly events: DeployEvent[] } {
  const events: DeployEvent[] = []
  return { signal: AbortSignal.timeout(60_000), events, onEvent: event => void events.push(event) }
}

const pidIn = (events: readonly DeployEvent[]): number =>
  events.flatMap(event => (event.kind === 'start' && event.pid !== undefined ? [event.pid] : []))[0] ??
  assert.fail('nothing was started')

/** An orphan that has ended keeps its number until the machine's first process collects it, which may take a while. */
async function isAlive(pid: number): Promise<boolean> {
  return (await statOf(pid)) !== null
}

describe('the plug-in vllm-serve', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let sweep: Sweep
  let deployer: Deployer
  let state: string | undefined
  before(async () => {
    folder = await temporaryFolder()
    state = process.env.FULCRUM_STATE_DIR
    process.env.FULCRUM_STATE_DIR = join(folder.path, 'state')
    sweep = await sweepWith()
    deployer = await createDeployer(sweep.deploy, { model: sweep.model, runFolder: folder.path })
  })
  after(async () => {
    await deployer?.close()
    if (state === undefined) delete process.env.FULCRUM_STATE_DIR
    else process.env.FULCRUM_STATE_DIR = state
    await folder?.[Symbol.asyncDispose]()
  })
  const wanted = (index: number) => sweep.deployments[index] ?? assert.fail('no such deployment')

  test('previews the command that it runs, and no more than changes', () => {
    const first = deployer.preview(null, wanted(0)).commands
    assert.equal(
      first[0]?.argv.slice(1).join(' '),
      'serve nvidia/DeepSeek-R1-FP4 --host 127.0.0.1 --port <free port> --served-model-name nvidia/DeepSeek-R1-FP4 --tensor-parallel-size 8 --max-num-seqs 64',
    )
    assert.deepEqual(
      deployer.preview(wanted(0), wanted(1)).commands.map(({ note }) => note),
      ['stop vllm', 'vllm'],
    )
    assert.deepEqual(deployer.preview(wanted(0), wanted(0)).commands, [])
  })

  test('takes the GPUs of its worker from vLLM’s parallel sizes', () => {
    assert.equal(wanted(0).gpusPerWorker.aggregated, 8)
  })

  let [firstPid, secondPid] = [0, 0]
  test('starts a server, and is ready when that has answered', async () => {
    const context = watch()
    const { endpoint, workersStarted } = await deployer.reconcile(wanted(0), context)
    firstPid = pidIn(context.events)
    assert.deepEqual([workersStarted, new URL(endpoint.url).hostname, endpoint.dialect], [1, '127.0.0.1', 'vllm'])
    assert.deepEqual(await deployer.check(context.signal), [])
  })

  test('keeps a server that has the right command, and replaces one that has not', async () => {
    assert.equal((await deployer.reconcile(wanted(0), watch())).workersStarted, 0)
    const context = watch()
    const { workersStarted, workersStopped } = await deployer.reconcile(wanted(1), context)
    secondPid = pidIn(context.events)
    assert.deepEqual([workersStarted, workersStopped, await isAlive(firstPid)], [1, 1, false])
  })

  test('says when its server has ended', async () => {
    // Number 0 would be this process's own group.
    assert.ok(secondPid > 0)
    process.kill(secondPid, 'SIGKILL')
    await deployer.broken?.()
    assert.match((await deployer.check(AbortSignal.timeout(5_000))).join(), /^vllm \(process \d+\) has ended$/)
  })

  test('leaves nothing behind when it is closed', async () => {
    const context = watch()
    await deployer.reconcile(wanted(0), context)
    assert.equal(await isAlive(pidIn(context.events)), true)
    await deployer.close()
    assert.equal(await isAlive(pidIn(context.events)), false)
  })

  test('tells why a server did not come up, in the server’s own words', async () => {
    const broken = await sweepWith(['tensor_parallel_size: 8', 'tensor_parallel_size: 8, broken: true'])
    const failing = await createDeployer(broken.deploy, { model: broken.model, runFolder: folder.path })
    const [first] = broken.deployments
    assert.ok(first !== undefined)
    await assert.rejects(failing.reconcile(first, watch()), { message: /ValueError: the model does not fit/ })
    await failing.close()
  })

  test('is refused with a topology that plain vLLM can’t serve', async () => {
    await assert.rejects(sweepWith(['[agg x1]', '[1P1D]'], ['aggregated:', 'decode:']), (error: unknown) => {
      assert.ok(error instanceof FulcrumError)
      assert.match(error.message, /1P1D: plain vLLM has no router: it runs one aggregated worker; write agg x1/)
      return true
    })
  })

  test('has its rules of vLLM checked: a wrong setting has its place', async () => {
    await assert.rejects(sweepWith(['[64, 128]', '[64, 128], max_num_batched_tokens: 32']), {
      message: /^s\.yaml:12:\d+: .*max_num_batched_tokens/,
    })
  })

  test('passes the doctor with its version, and fails it with a remedy', async () => {
    const needs = { concurrency: 1, generator: sweep.generator }
    const [found] = await sweep.deploy.doctor(needs)
    assert.deepEqual([found?.ok, found?.detail], [true, `0.0.0-stand-in (${standIn})`])
    const missing = await sweepWith([`program: ${standIn}`, 'program: no-such-vllm'])
    const [check] = await missing.deploy.doctor(needs)
    assert.deepEqual([check?.ok, check?.remedy], [false, 'pip install vllm, or name its program in deploy.program.'])
  })
})
