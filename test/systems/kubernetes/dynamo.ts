import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { etcdCommand, natsCommand } from '../../../src/deployers/infrastructure.ts'
import { freePort } from '../../../src/deployers/ports.ts'
import type { JsonObject } from '../../../src/model/index.ts'
import { startProcess } from '../../../src/process/process.ts'
import { mocker, model } from '../dynamo-deployment.ts'
import type { ControlPlane } from './control-plane.ts'

/** Why the real Dynamo can't run in pods here; false when it can. */
export const noDynamo = (): string | false => (existsSync(mocker.python) ? false : 'Dynamo is not installed')

/**
 * NATS and etcd as Dynamo's platform brings them, for pods that reach this machine by `address`; the variables that
 * lead there.
 */
export async function startPlatform({ folder, ledger }: ControlPlane, address: string) {
  const ending = new AsyncDisposableStack()
  const start = async (name: string, port: number, argv: readonly [string, ...string[]]) => {
    const logFile = join(folder, `${name}-platform.log`)
    const started = await startProcess({ name: `platform-${name}`, argv, env: {}, cwd: folder, logFile }, ledger)
    ending.defer(() => started.stop(5_000))
    return port
  }
  const nats = await freePort()
  await start('nats', nats, natsCommand(nats, join(folder, 'nats'), address).argv)
  const [etcd, peer] = [await freePort(), await freePort()]
  await start('etcd', etcd, etcdCommand(etcd, peer, join(folder, 'platform-etcd'), address).argv)
  return {
    env: {
      ...mocker.env,
      // A worker that a busy machine keeps from its lease for some seconds is not to be forgotten.
      ETCD_LEASE_TTL: '60',
      NATS_SERVER: `nats://${address}:${nats}`,
      ETCD_ENDPOINTS: `http://${address}:${etcd}`,
      DYN_NAMESPACE: 'llm-mocked',
      // As Dynamo's operator sets it.
      DYN_SYSTEM_PORT: '9090',
    },
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  }
}

/**
 * A graph of a real frontend and mocker workers, each a pod with an address of its own; decode is scaled by an adapter.
 * @param more.aggregated with a pool of aggregated workers too
 * @param more.args of each worker in place of the usual ones
 */
export function mockedGraph(
  name: string,
  more: { readonly aggregated?: true; readonly args?: readonly string[] } = {},
): JsonObject {
  const usual = ['--model-path', model.name, '--engine-type', 'trtllm']
  const container = (module: string, ...args: string[]): JsonObject => ({
    mainContainer: { image: 'host/dynamo', command: [mocker.python, '-m', module], args },
  })
  const worker = (replicas: number, ...args: string[]): JsonObject => ({
    componentType: 'worker',
    replicas,
    resources: { limits: { gpu: '4' } },
    extraPodSpec: container('dynamo.mocker', ...(more.args ?? usual), ...args),
  })
  const half = (role: string): JsonObject => ({
    ...worker(1, '--disaggregation-mode', role),
    subComponentType: role,
  })
  const frontend = container(
    'dynamo.frontend',
    '--http-host',
    '0.0.0.0',
    '--http-port',
    '8000',
    '--namespace',
    'llm-mocked',
  )
  return {
    apiVersion: 'nvidia.com/v1alpha1',
    kind: 'DynamoGraphDeployment',
    metadata: { name },
    spec: {
      backendFramework: 'trtllm',
      services: {
        Frontend: { componentType: 'frontend', replicas: 1, extraPodSpec: frontend },
        prefill: half('prefill'),
        decode: { ...half('decode'), scalingAdapter: { enabled: true } },
        ...(more.aggregated === true ? { both: worker(0) } : {}),
      },
    },
  }
}
