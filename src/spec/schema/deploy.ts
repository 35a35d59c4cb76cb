import { z } from 'zod'
import { duration, field, json, positiveInt } from '../../yaml/field.ts'
import { container, head, nodes, serveContainer, slurmAllocation, slurmFields, ssh } from './nodes.ts'

const gpusPerWorker = field(
  z.union([
    positiveInt,
    z.strictObject({
      prefill: positiveInt.optional(),
      decode: positiveInt.optional(),
      aggregated: positiveInt.optional(),
    }),
  ]),
  'GPUs that one worker holds, for all roles or by role. Default: tensor × pipeline parallel size when the engine settings or arguments say it, the profile’s for `simulated`, else 1.',
  'write a whole number from 1, or { prefill: …, decode: …, aggregated: … }',
)
const args = field(
  z.record(z.string(), json),
  'Arguments by name without dashes: `key: value` becomes `--key value`, `true` a bare flag, `false` leaves it out, a list repeats it. Strings that begin with `./` or `../` are paths relative to this file.',
  'write name: value pairs',
)
const env = field(
  z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  'Environment variables of every process, beyond the inherited ones. Strings that begin with `./` or `../` are paths relative to this file. No secrets: export those before the run, processes inherit them.',
  'write NAME: value pairs',
)
const httpPort = field(
  z.int().min(1).max(65_535),
  'Port of the frontend on 127.0.0.1. Default: a free one.',
  'write a port from 1 to 65535',
)
const serviceUrl = (service: string, example: string) =>
  field(
    z.string().min(1),
    `Address of a running ${service}. Default: one is started on a free port.`,
    `write ${example}`,
  )

const simulated = z.strictObject({
  with: z.literal('simulated'),
  profile: field(
    z.string().min(1),
    'Cost profile of the simulated hardware: the name of a shipped one, or a path (relative to this file). Default: `deepseek-r1-fp4-gb200`.',
    'write deepseek-r1-fp4-gb200, or the path of a profile file',
  ).default('deepseek-r1-fp4-gb200'),
  gpus_per_worker: gpusPerWorker.optional(),
})

/** What Dynamo's processes are, wherever they run. */
const dynamoFields = {
  python: field(
    z.string().min(1),
    'Python interpreter that has `dynamo`: a path (relative to this file), or a program on PATH. Default: `python3`.',
    'write the path of a python, such as .venv/bin/python',
  ).default('python3'),
  backend: field(
    z.string().regex(/^[A-Za-z_][\w.]*$/),
    'Worker module, started as `python -m …`: `dynamo.mocker`, `dynamo.trtllm`, `dynamo.vllm`, `dynamo.sglang` or another.',
    'write a Python module such as dynamo.trtllm, dynamo.vllm, dynamo.sglang or dynamo.mocker',
  ),
  args: args.default({}),
  role_args: field(
    z.strictObject({ prefill: args.optional(), decode: args.optional(), aggregated: args.optional() }),
    'Arguments of single roles, added to `args`.',
    'write { prefill: {…}, decode: {…}, aggregated: {…} }',
  ).default({}),
  frontend_args: args.default({}),
  env: env.default({}),
  nats: serviceUrl('NATS', 'nats://host:4222').optional(),
  etcd: serviceUrl('etcd', 'http://host:2379').optional(),
  http_port: httpPort.optional(),
  ready_timeout: field(
    duration,
    'How long a deployment may take until it answers a request. Default: `300s`; a large model on real hardware needs more.',
    'write a duration such as 300s or 20m',
  ).default('300s'),
  gpus_per_worker: gpusPerWorker.optional(),
  container: container.optional(),
}

const dynamo = z.strictObject({
  with: z.literal('dynamo'),
  ...dynamoFields,
  gpus: field(
    z.array(z.int().min(0)).min(1),
    'GPU indices handed out to workers as CUDA_VISIBLE_DEVICES. Default: the variable is left alone.',
    'write a list of GPU indices such as [0, 1, 2, 3]',
  ).optional(),
  nodes: nodes.optional(),
  head: head.optional(),
  ssh: ssh.optional(),
})

const slurm = z.strictObject({ with: z.literal('slurm'), ...dynamoFields, head, ...slurmFields })

const attach = z.strictObject({
  with: z.literal('attach'),
  url: field(
    z.string().regex(/^https?:\/\/[^\s]+$/),
    'Base URL of the running endpoint: what stands before `/v1/…`, a gateway’s sub-path included.',
    'write a URL such as http://127.0.0.1:8000',
  ),
  gpus: field(
    positiveInt,
    'All GPUs that the endpoint holds, prefill’s included.',
    'write the number of GPUs behind the endpoint',
  ),
  api_key_env: field(
    z.string().regex(/^[A-Za-z_]\w*$/),
    'Environment variable that holds the bearer token.',
    'write the name of an environment variable',
  ).optional(),
  dialect: field(
    z.enum(['dynamo-0.3', 'dynamo-1', 'vllm', 'openai']),
    'How the server spells “do not stop at end-of-sequence”. Default: `dynamo-1`.',
    'write dynamo-0.3, dynamo-1, vllm or openai',
  ).default('dynamo-1'),
  gpus_per_worker: gpusPerWorker.optional(),
})

const componentName = z.string().min(1)

const kubernetes = z.strictObject({
  with: z.literal('kubernetes'),
  manifest: field(
    z.string().min(1),
    'The DynamoGraphDeployment that is swept, as YAML with one or several documents; relative to this file.',
    'write the path of a manifest such as kubernetes/deepseek-r1.yaml',
  ),
  services: field(
    z.strictObject({
      prefill: componentName.optional(),
      decode: componentName.optional(),
      aggregated: componentName.optional(),
      frontend: componentName.optional(),
    }),
    'Components by role, where neither their type nor their arguments tell it.',
    'write { prefill: NAME, decode: NAME, aggregated: NAME, frontend: NAME }',
  ).default({}),
  kubeconfig: field(
    z.string().min(1),
    'A kubeconfig file, relative to this file. Default: KUBECONFIG, ~/.kube/config, or the pod’s service account.',
    'write the path of a kubeconfig file',
  ).optional(),
  context: field(
    z.string().min(1),
    'Context of the kubeconfig. Default: its current one.',
    'write the name of a context',
  ).optional(),
  namespace: field(
    z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/),
    'Kubernetes namespace. Default: the manifest’s, else the context’s.',
    'write a namespace in lower case',
  ).optional(),
  url: field(
    z.string().regex(/^https?:\/\/[^\s]+$/),
    'Base URL of the frontend as it is reached from here, up to `/v1`. Default: a port-forward, which is no good for heavy load.',
    'write a URL such as http://deepseek-frontend.llm:8000',
  ).optional(),
  api_key_env: field(
    z.string().regex(/^[A-Za-z_]\w*$/),
    'Environment variable that holds the bearer token.',
    'write the name of an environment variable',
  ).optional(),
  on_exit: field(
    z.enum(['restore', 'delete', 'keep']),
    'What becomes of the DynamoGraphDeployment at the end: `restore` gives back what was changed and deletes what was made, `delete` deletes it, `keep` leaves it. Default: `restore`.',
    'write restore, delete or keep',
  ).default('restore'),
  ready_timeout: field(
    duration,
    'How long a deployment may take until it answers a request. Default: `1800s`.',
    'write a duration such as 30m',
  ).default('1800s'),
  gpus_per_worker: gpusPerWorker.optional(),
})

const moduleAndService = z.string().regex(/^[A-Za-z_][\w.]*:[A-Za-z_]\w*$/)

const dynamoServe = z.strictObject({
  with: z.literal('dynamo-serve'),
  dynamo: field(
    z.string().min(1),
    'The program `dynamo` of Dynamo 0.3: a path (relative to this file), or a program on PATH. Default: `dynamo`.',
    'write the path of dynamo, such as .venv/bin/dynamo',
  ).default('dynamo'),
  workdir: field(
    z.string().min(1),
    'Folder that `dynamo serve` runs in, with the graph’s modules; relative to this file. Default: `/workspace/examples/tensorrt_llm`.',
    'write the path of a folder such as dynamo/examples/tensorrt_llm',
  ).default('/workspace/examples/tensorrt_llm'),
  configs: field(
    z.strictObject({ aggregated: z.string().min(1).optional(), disaggregated: z.string().min(1).optional() }),
    'Service configurations by kind of topology, relative to `workdir`. They are copied, never written. Default: `configs/deepseek_r1/agg.yaml` and `configs/deepseek_r1/disagg.yaml`.',
    'write { aggregated: configs/…/agg.yaml, disaggregated: configs/…/disagg.yaml }',
  ).default({}),
  graphs: field(
    z.strictObject({ aggregated: moduleAndService.optional(), disaggregated: moduleAndService.optional() }),
    'The head’s graph by kind of topology. Default: `graphs.agg:Frontend` for both, as the guide has it.',
    'write { aggregated: module:Service, disaggregated: module:Service }',
  ).default({}),
  workers: field(
    z.strictObject({
      prefill: moduleAndService.optional(),
      decode: moduleAndService.optional(),
      aggregated: moduleAndService.optional(),
    }),
    'Services of workers by role. Default: `components.prefill_worker:TensorRTLLMPrefillWorker` for prefill, `components.worker:TensorRTLLMWorker` for the others.',
    'write { prefill: module:Service, decode: module:Service, aggregated: module:Service }',
  ).default({}),
  env: env.default({}),
  nats: serviceUrl('NATS', 'nats://host:4222').optional(),
  etcd: serviceUrl('etcd', 'http://host:2379').optional(),
  http_port: httpPort.optional(),
  gpus: field(
    z.array(z.int().min(0)).min(1),
    'GPU indices of this machine, handed out to workers as CUDA_VISIBLE_DEVICES. Default: each `dynamo serve` takes its own from 0 on, so several workers on one machine need them; with `nodes` or `slurm`, no worker runs here.',
    'write a list of GPU indices such as [0, 1, 2, 3]',
  ).optional(),
  ready_timeout: field(
    duration,
    'How long a deployment may take until it answers a request. Default: `1800s`.',
    'write a duration such as 30m',
  ).default('1800s'),
  gpus_per_worker: gpusPerWorker.optional(),
  nodes: nodes.optional(),
  slurm: slurmAllocation.optional(),
  head: head.optional(),
  ssh: ssh.optional(),
  container: serveContainer.optional(),
})

export const deploySchema = field(
  z.discriminatedUnion('with', [simulated, dynamo, attach, dynamoServe, kubernetes, slurm]),
  'How the system is brought up and changed: `with` names the deployer.',
  'write { with: simulated | dynamo | dynamo-serve | kubernetes | slurm | attach, … }',
)

export type RawDeploy = z.infer<typeof deploySchema>
