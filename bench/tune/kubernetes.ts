import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { runSweepFile } from '../../src/commands/run.ts'
import { kubeconfigOfFulcrum } from '../../test/systems/kubernetes/access.ts'
import { noKubernetes, startControlPlane } from '../../test/systems/kubernetes/control-plane.ts'
import { installDefinitions } from '../../test/systems/kubernetes/definitions.ts'
import { mockedGraph, noDynamo, startPlatform } from '../../test/systems/kubernetes/dynamo.ts'
import { startKubelet } from '../../test/systems/kubernetes/kubelet.ts'
import { startOperator } from '../../test/systems/kubernetes/operator.ts'
import { createPodNetwork, noPodNetwork } from '../../test/systems/kubernetes/pod-network.ts'
import type { KnownCase } from './cases.ts'

/** Why no case can run on Kubernetes here; false if they can. */
export const noCluster = (): string | false => noKubernetes() || noPodNetwork() || noDynamo()

/** A cluster on this machine. */
export interface TuneCluster extends AsyncDisposable {
  /**
   * Measures a case of Dynamo's mocker as a DynamoGraphDeployment: the same workers in pods, their metrics through
   * port-forwards.
   * @param folder for files and results
   * @returns the folder of the run
   */
  measured(known: KnownCase, folder: string): Promise<string>
}

const mockerSweep = z.looseObject({
  deploy: z.object({ args: z.record(z.string(), z.union([z.string(), z.number()])) }),
})

/** Starts a control plane, and a node whose pods have addresses of their own. */
export async function startTuneCluster(): Promise<TuneCluster> {
  await using ending = new AsyncDisposableStack()
  const plane = ending.use(await startControlPlane())
  const network = ending.use(createPodNetwork())
  ending.use(await startKubelet({ plane, node: 'gpu-1', gpus: 64, network }))
  await installDefinitions(plane.call)
  const kubeconfig = await kubeconfigOfFulcrum(plane)
  const owned = ending.move()
  return {
    measured: async ({ name, sweep }, folder) => {
      const { deploy, ...rest } = mockerSweep.parse(parse(sweep))
      const args = Object.entries(deploy.args).flatMap(([flag, value]) => [`--${flag}`, `${value}`])
      const manifest = join(folder, `${name}-graph.yaml`)
      await writeFile(manifest, stringify(mockedGraph(name, { aggregated: true, args })))
      const file = join(folder, `${name}-kubernetes.yaml`)
      await writeFile(file, stringify({ ...rest, deploy: { with: 'kubernetes', manifest, kubeconfig } }))
      // A platform of its own: workers of the case before may still be registered.
      const platformFolder = join(plane.folder, name)
      await mkdir(platformFolder)
      await using platform = await startPlatform({ ...plane, folder: platformFolder }, network.host)
      const operator = await startOperator({ plane, version: 'v1alpha1', name, env: platform.env })
      try {
        const signal = AbortSignal.timeout(300_000)
        const { folder: run } = await runSweepFile({ file, resultsRoot: folder, startNew: true, signal })
        return run
      } finally {
        await operator.close()
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
