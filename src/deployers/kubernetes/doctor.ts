import { FulcrumError } from '../../model/index.ts'
import { type Check, missed, passed } from '../doctor/check.ts'
import { readManifest } from './check.ts'
import { type Cluster, openCluster } from './cluster.ts'
import type { KubernetesConfig } from './config.ts'
import { graphPath, servedResource, versionPath } from './paths.ts'
import { requireSame } from './same-as-manifest.ts'

const limitMs = 10_000

/**
 * Checks that the cluster answers, knows Dynamo's resources, and would accept this manifest from this identity. Changes
 * nothing.
 */
export async function checkKubernetes(config: KubernetesConfig): Promise<readonly Check[]> {
  const { manifest: file, kubeconfig, context } = config
  const signal = AbortSignal.timeout(limitMs)
  const checks: Check[] = []
  try {
    const { manifest, cast } = readManifest(config)
    const parts = Object.entries(cast).map(([part, { name }]) => `${part}: ${name}`)
    checks.push(passed('manifest', `${file} has ${parts.join(', ')}`))
    const cluster: Cluster = await openCluster({
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      ...(context === undefined ? {} : { context }),
    })
    const { graph } = manifest
    const served = servedResource(await cluster.get(versionPath(graph.apiVersion), signal), graph.kind)
    checks.push(passed('cluster', `${cluster.server} answers`))
    if (served === null) {
      const detail = `the cluster does not know ${graph.kind} ${graph.apiVersion}`
      return [...checks, missed('dynamo', detail, 'Install the Dynamo platform there, or choose another context.')]
    }
    const namespace = config.namespace ?? graph.namespace ?? cluster.namespace
    const path = graphPath(graph, namespace)
    const there = (await cluster.get(path, signal)) !== null
    await requireSame(cluster, { file, document: graph, path, changed: [] }, signal)
    const what = there ? 'exists and matches the manifest' : 'would be made'
    return [...checks, passed('dynamo', `${graph.name} in ${namespace} ${what}`)]
  } catch (error) {
    if (!(error instanceof FulcrumError)) throw error
    return [...checks, missed('kubernetes', error.message, error.remedy ?? 'See docs/how-to/kubernetes.md.')]
  }
}
