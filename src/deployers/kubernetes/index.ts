import { defineDeployer } from '../define-deployer.ts'
import { kubernetesCapabilities, readManifest } from './check.ts'
import { kubernetesKeys, variantKeys } from './config.ts'
import { kubernetesParts } from './configured.ts'
import { nodesAsked } from './design.ts'
import { checkKubernetes } from './doctor.ts'
import { kubernetesFiles } from './files.ts'
import { kubernetesDeployer } from './kubernetes.ts'
import { manifestWorkers } from './workers.ts'

/** A DynamoGraphDeployment on Kubernetes. */
export const kubernetes = defineDeployer({
  name: 'kubernetes',
  about: 'A DynamoGraphDeployment on Kubernetes, made from your manifest or changed in place.',
  keys: kubernetesKeys,
  capabilities: kubernetesCapabilities,
  workers: manifestWorkers,
  doctor: checkKubernetes,
  cluster: config => ({
    kubeconfig: config.kubeconfig,
    context: config.context,
    namespace: config.namespace ?? readManifest(config).manifest.graph.namespace,
  }),
  files: kubernetesFiles,
  fixed: nodesAsked,
  variants: { keys: variantKeys, parts: kubernetesParts },
  create: kubernetesDeployer,
})
