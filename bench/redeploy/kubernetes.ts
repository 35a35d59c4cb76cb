import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { createDeployer } from '../../src/deployers/create.ts'
import type { KubernetesConfig } from '../../src/deployers/kubernetes/config.ts'
import { kubernetes as deployer } from '../../src/deployers/kubernetes/index.ts'
import { model } from '../../test/systems/dynamo-deployment.ts'
import { kubeconfigOfFulcrum } from '../../test/systems/kubernetes/access.ts'
import { noKubernetes, startControlPlane } from '../../test/systems/kubernetes/control-plane.ts'
import { installDefinitions } from '../../test/systems/kubernetes/definitions.ts'
import { mockedGraph, noDynamo, startPlatform } from '../../test/systems/kubernetes/dynamo.ts'
import { startKubelet } from '../../test/systems/kubernetes/kubelet.ts'
import { startOperator } from '../../test/systems/kubernetes/operator.ts'
import { createPodNetwork, noPodNetwork } from '../../test/systems/kubernetes/pod-network.ts'
import type { Case } from './case.ts'
import { walkThrough } from './walk.ts'

const graph = 'mocked'

export const kubernetes: Case = {
  name: 'kubernetes',
  title: '`kubernetes`: a DynamoGraphDeployment scaled by server-side apply',
  system:
    'Kubernetes 1.33 (API server, controllers and scheduler on this machine; operator and kubelet are the tests’ own), ai-dynamo 1.4.2, mocker workers in pods',
  missing: () => noKubernetes() || noPodNetwork() || noDynamo(),
  walk: walkThrough({ max_num_seqs: 64 }),
  open: async () => {
    await using ending = new AsyncDisposableStack()
    const plane = ending.use(await startControlPlane())
    const network = ending.use(createPodNetwork())
    ending.use(await startKubelet({ plane, node: 'gpu-1', gpus: 64, network }))
    await installDefinitions(plane.call)
    const platform = ending.use(await startPlatform(plane, network.host))
    const operator = await startOperator({ plane, version: 'v1alpha1', name: graph, env: platform.env })
    ending.defer(() => operator.close())
    const manifest = join(plane.folder, 'graph.yaml')
    await writeFile(manifest, stringify(mockedGraph(graph, { aggregated: true })))
    const config: KubernetesConfig = {
      ...{ manifest, services: {}, kubeconfig: await kubeconfigOfFulcrum(plane) },
      ...{ on_exit: 'restore', ready_timeout: 180 },
    }
    const owned = ending.move()
    return {
      deployer: runFolder => createDeployer(deployer.of(config), { model, runFolder }),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    }
  },
}
