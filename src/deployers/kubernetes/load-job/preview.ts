import { stringify } from 'yaml'
import type { DeployPreview } from '../../deployer.ts'
import type { JobShards } from './defaults.ts'
import { loadJob } from './resource.ts'

/**
 * A Job for the preview. Its name ends in eight random digits, and an annotation records the process that created it.
 */
export function previewLoadJob(shards: JobShards): DeployPreview {
  const { kubeconfig, context, namespace } = shards.job
  const name = 'fulcrum-load-XXXXXXXX'
  const content = stringify(loadJob({ name, shards, owner: {}, run: 'RUN' }), { aliasDuplicateObjects: false })
  const options = [
    ...(kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`]),
    ...(context === undefined ? [] : [`--context=${context}`]),
    ...(namespace === undefined ? [] : [`--namespace=${namespace}`]),
  ]
  const kubectl = (...words: string[]) => ['kubectl', ...options, ...words]
  const pods = shards.count === 1 ? 'its pod' : `each of its ${shards.count} pods`
  return {
    files: [{ path: `RUN/${name}.yaml`, content }],
    commands: [
      {
        argv: kubectl('apply', '--server-side', '--field-manager=fulcrum', '-f', `RUN/${name}.yaml`),
        env: {},
        note: `before the first point; then a port-forward to ${pods}, for orders and results`,
      },
      {
        argv: kubectl('delete', 'job', name, '--cascade=background'),
        env: {},
        note: 'at the end of the run',
      },
    ],
  }
}
