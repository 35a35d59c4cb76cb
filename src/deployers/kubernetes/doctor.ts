import { defined, FulcrumError } from '../../model/index.ts'
import { type Check, missed, noticed, passed } from '../doctor/check.ts'
import { judgeVersion } from '../doctor/versions.ts'
import { versionOfImage } from '../dynamo/frontend-options.ts'
import { testedDynamo } from '../dynamo/tested.ts'
import { readManifest } from './check.ts'
import { type Cluster, openCluster } from './cluster.ts'
import type { KubernetesConfig } from './config.ts'
import { frontendArguments } from './frontend-arguments.ts'
import type { Manifest } from './manifest.ts'
import { graphPath, servedResource, versionPath } from './paths.ts'
import type { Cast } from './roles.ts'
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
    checks.push(passed('manifest', `${file} has ${parts.join(', ')}`), ...frontendChecks(config, manifest, cast))
    const cluster: Cluster = await openCluster({
      ...defined({ kubeconfig, context }),
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

/**
 * Checks whether the version in the frontend's image is tested and knows its options. If the version is unknown,
 * reports that as a notice.
 */
function frontendChecks(config: KubernetesConfig, ...parts: readonly [Manifest, Cast]): readonly Check[] {
  const { image, version, given } = frontendArguments(...parts, config)
  if (image === null) return []
  const said = versionOfImage(image)
  const detail = `ai-dynamo ${said} in ${image}`
  const tested = said === null ? [] : [judgeVersion('frontend', { version: said, tested: testedDynamo, detail })]
  if (given.length === 0) return tested
  // An unknown option is an error in the sweep file.
  if (version !== null) return [...tested, passed('frontend_args', `ai-dynamo ${version} knows ${given.join(', ')}`)]
  const unknown = `not checked: it is not known which options the frontend in ${image} has (${given.join(', ')} given)`
  const remedy = `Use an image such as nvcr.io/nvidia/ai-dynamo/vllm-runtime:${testedDynamo.at(-1)}, or try: docker run --rm ${image} python3 -m dynamo.frontend --help`
  return [...tested, noticed('frontend_args', unknown, remedy)]
}
