import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { smallestChange, type WorkerSlot } from '../../src/deployers/change.ts'
import type { DeployEvent } from '../../src/deployers/deployer.ts'
import { thisMachine } from '../../src/deployers/nodes/nodes.ts'
import type { Host } from '../../src/deployers/nodes/placement.ts'
import { type Member, type System, stepwise } from '../../src/deployers/stepwise.ts'
import { FulcrumError, type Role } from '../../src/model/index.ts'
import type { RunningProcess } from '../../src/process/process.ts'
import { deployment, disaggregated } from '../systems/dynamo-deployment.ts'

/** A system that does nothing at its steps but say so; its nodes hold one worker each. */
function smallSystem(names: readonly string[]) {
  const said: string[] = []
  const gone = new Set<string>()
  let regained: readonly string[] = []
  let slow: Promise<void> = Promise.resolve()
  const hosts = (): readonly Host[] =>
    names.filter(name => !gone.has(name)).map(name => ({ name, gpus: [0, 1, 2, 3], maxWorkers: null }))
  const designs = Object.fromEntries(
    (['prefill', 'decode', 'aggregated'] as const).map((role: Role) => [
      role,
      { role, signature: role, gpusPerWorker: 4, files: [], command: { argv: ['w'] as [string], env: {} } },
    ]),
  )
  const start = (slot: WorkerSlot): Member => {
    said.push(`start ${slot.name} on ${slot.host}`)
    const process = { name: slot.name, pid: 1, exited: new Promise(() => {}), lastLines: () => [] as string[] }
    return {
      ...slot,
      process: process as unknown as RunningProcess,
      fit: async () => true,
      failure: () => new FulcrumError('failed', 'process-ended', 'it ended'),
      stop: async () => void said.push(`stop ${slot.name}`),
    }
  }
  const system: System<Member> = {
    readyTimeoutS: 60,
    nodes: {
      ...thisMachine({}),
      hosts,
      lost: () => [...gone].map(name => `node ${name} is gone`),
      regain: async () => {
        said.push('regain')
        for (const name of regained) gone.delete(name)
      },
      close: async () => void said.push('close nodes'),
    },
    requireFit: () => {},
    open: async (_, anew) => anew,
    steps: wanted => ({
      change: running => smallestChange(running, wanted, designs, hosts()),
      makeWay: async (_, leaving) => void (await leaving),
      start: async slot => {
        await slow
        return start(slot)
      },
      answered: async () => ({ url: '', model: '', dialect: 'dynamo-1', metricsUrls: {} }),
    }),
    processes: () => [],
    problems: async () => [],
    differences: async () => [],
    preview: () => ({ commands: [], files: [] }),
    close: async leaving => {
      await leaving
      said.push('close')
    },
  }
  return {
    system,
    said,
    lose: (name: string) => void gone.add(name),
    comesBack: (name: string) => {
      regained = [name]
    },
    startsAfter: (wait: Promise<void>) => {
      slow = wait
    },
  }
}

const context = { signal: new AbortController().signal, onEvent: (_: DeployEvent) => {} }

describe('a change by steps', () => {
  it('replaces what ran on a lost node, and leaves the rest alone', async () => {
    const small = smallSystem(['n1', 'n2', 'n3'])
    const deployer = stepwise(small.system)
    await deployer.reconcile(deployment(disaggregated(1, 1)), context)
    small.lose('n2')
    small.said.length = 0
    await deployer.reconcile(deployment(disaggregated(1, 1)), context)
    assert.deepEqual(small.said, ['stop decode-0', 'start decode-0 on n3'])
  })

  it('asks for a lost node again only when there is no room without it', async () => {
    const small = smallSystem(['n1', 'n2'])
    const deployer = stepwise(small.system)
    await deployer.reconcile(deployment(disaggregated(1, 1)), context)
    small.lose('n2')
    small.comesBack('n2')
    small.said.length = 0
    await deployer.reconcile(deployment(disaggregated(1, 1)), context)
    assert.deepEqual(small.said.slice(0, 1), ['regain'])
  })

  it('touches nothing when there is no room left, and says which node is missing', async () => {
    const small = smallSystem(['n1', 'n2'])
    const deployer = stepwise(small.system)
    await deployer.reconcile(deployment(disaggregated(1, 1)), context)
    small.lose('n2')
    small.said.length = 0
    await assert.rejects(deployer.reconcile(deployment(disaggregated(1, 1)), context), {
      kind: 'failed',
      code: 'no-room-left',
      message: /^1P1D does not fit on the remaining nodes: .*; node n2 is gone$/,
    })
    assert.deepEqual(small.said, ['regain'])
  })

  it('is waited for by closing, which then stops what it started', async () => {
    const small = smallSystem(['n1', 'n2'])
    const { promise, resolve } = Promise.withResolvers<void>()
    small.startsAfter(promise)
    const deployer = stepwise(small.system)
    const changing = deployer.reconcile(deployment(disaggregated(1, 1)), context)
    const closed = deployer.close()
    resolve()
    await assert.rejects(changing, /the deployer was closed/)
    await closed
    const started = small.said.filter(line => line.startsWith('start')).map(line => line.split(' ')[1])
    const stopped = small.said.filter(line => line.startsWith('stop')).map(line => line.split(' ')[1])
    assert.deepEqual(stopped, started)
    assert.deepEqual(small.said.slice(-2), ['close', 'close nodes'])
  })
})
