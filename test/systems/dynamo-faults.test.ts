import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { DynamoConfig } from '../../src/deployers/dynamo/config.ts'
import { dynamoDeployer } from '../../src/deployers/dynamo/dynamo.ts'
import { endLeftovers, findLeftovers } from '../../src/deployers/leftovers.ts'
import { freePort } from '../../src/deployers/ports.ts'
import type { FulcrumError } from '../../src/model/index.ts'
import { openLedger } from '../../src/process/ledger.ts'
import { groupMembers } from '../../src/process/proc.ts'
import { aggregated, deployment, disaggregated, mocker, model, watch } from './dynamo-deployment.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fulcrum-dynamo-faults-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** The error of a deployment that cannot come up; everything is stopped after it. */
async function failureOf(change: Partial<DynamoConfig>, wanted = deployment(aggregated(1))): Promise<FulcrumError> {
  const ledger = await openLedger({ runFolder: folder, folder: join(folder, 'ledger') })
  const deployer = dynamoDeployer({ ...mocker, ...change }, { model: model.name, runFolder: folder, ledger })
  try {
    await deployer.reconcile(wanted, watch(AbortSignal.timeout(200_000)))
  } catch (error) {
    return error as FulcrumError
  } finally {
    await deployer.close()
    ledger.close()
  }
  return assert.fail('it came up')
}

describe('a deployment that cannot come up', () => {
  it('fails at its deadline when it lists its model and never answers, and shows what its worker said', async () => {
    const env = { ...mocker.env, PYTHONPATH: join(import.meta.dirname, 'stand-ins') }
    const error = await failureOf({ backend: 'never_answers', env, ready_timeout: 45 })
    assert.equal(error.code, 'deployment-not-ready')
    assert.match(error.message, /agg x1 was not ready within 45 s: its workers are registered, but no completion/)
    assert.match(error.message, /aggregated-0: request taken, no answer will come/)
  })

  it('fails at once when a worker refuses an argument, in the worker’s own words', async () => {
    const error = await failureOf({ args: { ...mocker.args, 'no-such-flag': 3 } })
    assert.equal(error.code, 'argument-refused')
    assert.match(
      error.message,
      /aggregated-0 \(process \d+\) exited with code 2[\s\S]*unrecognized arguments: --no-such-flag 3/,
    )
  })

  it('fails as a matter of the environment when Python has no Dynamo', async () => {
    const error = await failureOf({ python: '/usr/bin/python3' })
    assert.deepEqual([error.kind, error.code], ['environment', 'dynamo-not-importable'])
  })

  it('fails at once when its port is taken, naming who holds it', async t => {
    const port = await freePort()
    const holder = createServer()
    await new Promise<void>(resolve => holder.listen(port, '127.0.0.1', resolve))
    t.after(() => holder.close())
    const error = await failureOf({ http_port: port })
    assert.deepEqual([error.kind, error.code], ['environment', 'port-taken'])
    assert.match(error.message, new RegExp(`process ${process.pid} `))
  })

  it('fails at once when a given etcd does not answer', async () => {
    const error = await failureOf({ etcd: 'http://127.0.0.1:1' })
    assert.deepEqual([error.kind, error.code], ['environment', 'etcd-unreachable'])
  })

  it('is refused before anything starts when it needs more GPUs than there are', async () => {
    const error = await failureOf({ gpus: [0, 1, 2, 3] }, deployment(disaggregated(1, 1)))
    assert.deepEqual([error.kind, error.code], ['bad-input', 'not-enough-gpus'])
  })
})

it('a deployer closed in the middle of a reconcile leaves nothing behind', async () => {
  const ledger = await openLedger({ runFolder: folder, folder: join(folder, 'ledger') })
  const deployer = dynamoDeployer(mocker, { model: model.name, runFolder: folder, ledger })
  const context = watch(AbortSignal.timeout(200_000))
  const started = Promise.withResolvers<void>()
  const coming = deployer.reconcile(deployment(aggregated(2)), {
    ...context,
    onEvent: event => {
      context.onEvent(event)
      if (event.kind === 'start') started.resolve()
    },
  })
  await started.promise
  await Promise.all([assert.rejects(coming, /the deployer was closed/), deployer.close()])
  ledger.close()
  assert.deepEqual(await readdir(join(folder, 'ledger')), [])
})

it('a Dynamo whose Fulcrum was killed is found, named and ended by the next one', async () => {
  const ledgerFolder = join(folder, 'ledger')
  const script = join(import.meta.dirname, 'dynamo-parent.ts')
  const parent = spawn(process.execPath, [script, folder, ledgerFolder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string]
  const started: { [name: string]: number } = JSON.parse(line)
  parent.kill('SIGKILL')
  await once(parent, 'exit')
  const leftovers = await findLeftovers(ledgerFolder)
  const names = leftovers.map(leftover => leftover.name).sort()
  assert.deepEqual(names, ['aggregated-0', 'etcd', 'frontend', 'nats'])
  assert.ok(leftovers.every(leftover => leftover.runFolder === folder))
  await endLeftovers(leftovers, 15_000)
  for (const pid of Object.values(started)) await untilEmpty(pid)
  assert.deepEqual(await findLeftovers(ledgerFolder), [])
})

async function untilEmpty(group: number): Promise<void> {
  for (let i = 0; i < 2400; i++) {
    if ((await groupMembers(group)).length === 0) return
    await new Promise(resolve => setTimeout(resolve, 25))
  }
  assert.fail(`group ${group} still runs`)
}
