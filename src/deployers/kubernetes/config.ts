import { z } from 'zod'
import { field } from '../../yaml/field.ts'
import { decisive, operational, type ReadKeys } from '../../yaml/keys.ts'
import { baseUrl, filePath } from '../../yaml/kinds.ts'
import { apiKeyVariable, readyTimeout } from '../keys.ts'

const componentName = z.string().min(1)

export const kubernetesKeys = {
  manifest: decisive(
    field(
      filePath,
      'The DynamoGraphDeployment that is swept, as YAML with one or several documents; relative to this file.',
      'write the path of a manifest such as kubernetes/deepseek-r1.yaml',
    ),
  ),
  services: decisive(
    field(
      z.strictObject({
        prefill: componentName.optional(),
        decode: componentName.optional(),
        aggregated: componentName.optional(),
        frontend: componentName.optional(),
      }),
      'Components by role, where neither their type nor their arguments tell it.',
      'write { prefill: NAME, decode: NAME, aggregated: NAME, frontend: NAME }',
    ).default({}),
  ),
  kubeconfig: operational(
    field(
      filePath,
      'A kubeconfig file, relative to this file. Default: KUBECONFIG, ~/.kube/config, or the pod’s service account.',
      'write the path of a kubeconfig file',
    ).optional(),
  ),
  context: operational(
    field(
      z.string().min(1),
      'Context of the kubeconfig. Default: its current one.',
      'write the name of a context',
    ).optional(),
  ),
  namespace: decisive(
    field(
      z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/),
      'Kubernetes namespace. Default: the manifest’s, else the context’s.',
      'write a namespace in lower case',
    ).optional(),
  ),
  url: decisive(
    field(
      baseUrl,
      'Base URL of the frontend as it is reached from here, up to `/v1`. Default: a port-forward, which is no good for heavy load.',
      'write a URL such as http://deepseek-frontend.llm:8000',
    ).optional(),
  ),
  api_key_env: operational(apiKeyVariable.optional()),
  on_exit: operational(
    field(
      z.enum(['restore', 'delete', 'keep']),
      'What becomes of the DynamoGraphDeployment at the end: `restore` gives back what was changed and deletes what was made, `delete` deletes it, `keep` leaves it. Default: `restore`.',
      'write restore, delete or keep',
    ).default('restore'),
  ),
  ready_timeout: operational(readyTimeout('1800s', 'write a duration such as 30m')),
}

/** A DynamoGraphDeployment on Kubernetes, made from or found by the user's own manifest; `ready_timeout` in seconds. */
export type KubernetesConfig = ReadKeys<typeof kubernetesKeys>
