import { z } from 'zod'
import { moduleList } from '../../engines/index.ts'
import { field, json } from '../../yaml/field.ts'
import { decisive, operational, type ReadKeys } from '../../yaml/keys.ts'
import { baseUrl, filePath } from '../../yaml/kinds.ts'
import { reading } from '../../yaml/reading.ts'
import { apiKeyVariable, readyTimeout, reportSecrets } from '../keys.ts'

const componentName = z.string().min(1)
const image = z.string().regex(/^\S+$/)

/** Arguments of a program in a pod. Paths in them refer to the pod. */
const podArguments = z.record(z.string(), json)
const argumentsTold =
  'arguments by name without dashes, added after those of the manifest: `key: value` becomes `--key value`, `true` a bare flag, a list repeats it. The last one of a name wins.'

/** Environment variables of a container as text. Secrets are rejected. */
const podEnvironment = reading(
  z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  (written, context, path) => {
    reportSecrets(context, path, written, () => 'remove it here and refer to a Secret in the manifest')
    const texts: { readonly [name: string]: string } = Object.fromEntries(
      Object.entries(written).map(([name, value]) => [name, String(value)]),
    )
    return texts
  },
)

const byRole = <Value extends z.ZodType>(value: Value) =>
  z.strictObject({ prefill: value.optional(), decode: value.optional(), aggregated: value.optional() })
const rightArguments = 'write name: value pairs'
const rightVariables = 'write NAME: value pairs'

/** Keys of `deploy` for a DynamoGraphDeployment in a Kubernetes cluster. */
export const kubernetesKeys = {
  manifest: decisive(
    field(
      filePath,
      'Path of the DynamoGraphDeployment to sweep: YAML with one or several documents, relative to this file.',
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
      'Component of each role, if neither its type nor its arguments show the role.',
      'write { prefill: NAME, decode: NAME, aggregated: NAME, frontend: NAME }',
    ).default({}),
  ),
  backend: decisive(
    field(
      z.string().regex(/^[A-Za-z_][\w.]*$/),
      `Worker module that replaces the manifest’s in the workers’ commands: ${moduleList('`', 'another')}. It must agree with the manifest’s \`backendFramework\` if there is one, because Dynamo does not allow it to change.`,
      `write a Python module such as ${moduleList()}`,
    ).optional(),
  ),
  image: decisive(
    field(image, 'Image of the workers. Replaces the manifest’s.', 'write an image such as runtime:1.6.1').optional(),
  ),
  frontend_image: decisive(
    field(image, 'Image of the frontend. Replaces the manifest’s.', 'write an image such as runtime:1.6.1').optional(),
  ),
  args: decisive(field(podArguments, `For every worker: ${argumentsTold}`, rightArguments).optional()),
  role_args: decisive(
    field(
      byRole(podArguments),
      'Arguments of single roles, added to `args`.',
      'write { prefill: {…}, decode: {…}, aggregated: {…} }',
    ).optional(),
  ),
  frontend_args: decisive(field(podArguments, `For the frontend: ${argumentsTold}`, rightArguments).optional()),
  env: decisive(
    field(
      podEnvironment,
      'Environment variables of the workers’ and the frontend’s containers. They override those of the manifest. Do not write secrets here.',
      rightVariables,
    ).optional(),
  ),
  role_env: decisive(
    field(
      byRole(podEnvironment),
      'Environment variables of single roles, added to `env`.',
      'write { prefill: {…}, decode: {…}, aggregated: {…} }',
    ).optional(),
  ),
  frontend_env: decisive(
    field(podEnvironment, 'Environment variables of the frontend, added to `env`.', rightVariables).optional(),
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
      'Base URL of the frontend as reachable from here, up to `/v1`. Default: a port-forward, which is unsuitable for heavy load.',
      'write a URL such as http://deepseek-frontend.llm:8000',
    ).optional(),
  ),
  api_key_env: operational(apiKeyVariable.optional()),
  on_exit: operational(
    field(
      z.enum(['restore', 'delete', 'keep']),
      'What happens to the DynamoGraphDeployment at the end: `restore` undoes changes and deletes what Fulcrum created, `delete` deletes it, `keep` leaves it. Default: `restore`.',
      'write restore, delete or keep',
    ).default('restore'),
  ),
  ready_timeout: operational(readyTimeout('1800s', 'write a duration such as 30m')),
}

/**
 * A DynamoGraphDeployment on Kubernetes, created from the user's manifest, or an existing one that matches it;
 * `ready_timeout` in seconds.
 */
export type KubernetesConfig = ReadKeys<typeof kubernetesKeys>

/** Keys that may differ between variants without replacing the graph. */
export const variantKeys = [
  'backend',
  'image',
  'frontend_image',
  'args',
  'role_args',
  'frontend_args',
  'env',
  'role_env',
  'frontend_env',
] as const

/** The keys that override parts of the manifest's components. */
export type ComponentKeys = Partial<Pick<KubernetesConfig, (typeof variantKeys)[number]>>
