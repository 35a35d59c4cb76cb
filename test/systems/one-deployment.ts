import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'
import type { Deployer, Reconciled } from '../../src/deployers/deployer.ts'
import { defined, type Endpoint, type EngineSettings, type Role, type Topology } from '../../src/model/index.ts'
import { openLedger, type ProcessLedger } from '../../src/process/ledger.ts'
import { changes, deployment, model, startedPids, watch } from './dynamo-deployment.ts'

/**
 * One real deployment of a suite, changed from test to test in their order: bringing it up anew each time would take
 * minutes.
 */
export interface OneDeployment {
  readonly folder: string
  readonly ledger: ProcessLedger
  readonly deployer: Deployer
  /** Of the latest change. */
  readonly endpoint: Endpoint
  become(
    topology: Topology,
    engine?: { readonly [role in Role]?: EngineSettings },
    variant?: string,
  ): Promise<Reconciled & { readonly started: readonly string[]; readonly stopped: readonly string[] }>
  check(): Promise<readonly string[]>
  /** The process that last was started under a name. */
  pidOf(name: string): number
  pids(): readonly number[]
}

interface Place {
  readonly model: string
  readonly runFolder: string
  readonly ledger: ProcessLedger
}

const changeLimitMs = 200_000

/** Makes the deployer before the suite that this is called in, and closes it after. */
export function oneDeployment(deployerOf: (place: Place) => Deployer | Promise<Deployer>): OneDeployment {
  let made: { readonly folder: string; readonly ledger: ProcessLedger; readonly deployer: Deployer } | null = null
  let endpoint: Endpoint | null = null
  const pids = new Map<string, number>()
  const there = () => made ?? assert.fail('the suite has not begun')

  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fulcrum-deployment-test-'))
    const ledger = await openLedger({ runFolder: folder, folder: join(folder, 'ledger') })
    const deployer = await deployerOf({ model: model.name, runFolder: join(folder, 'run'), ledger })
    made = { folder, ledger, deployer }
  })
  after(async () => {
    if (made === null) return
    await made.deployer.close()
    await rm(made.folder, { recursive: true, force: true })
  })

  return {
    get folder() {
      return there().folder
    },
    get ledger() {
      return there().ledger
    },
    get deployer() {
      return there().deployer
    },
    get endpoint() {
      return endpoint ?? assert.fail('nothing is deployed')
    },
    become: async (topology, engine = {}, variant) => {
      const context = watch(AbortSignal.timeout(changeLimitMs))
      const wanted = { ...deployment(topology, engine), ...defined({ variant }) }
      const reconciled = await there().deployer.reconcile(wanted, context)
      endpoint = reconciled.endpoint
      for (const [name, pid] of Object.entries(startedPids(context.events))) pids.set(name, pid)
      return { ...reconciled, ...changes(context.events) }
    },
    check: () => there().deployer.check(AbortSignal.timeout(20_000)),
    pidOf: name => pids.get(name) ?? assert.fail(`no ${name}`),
    pids: () => [...pids.values()],
  }
}
