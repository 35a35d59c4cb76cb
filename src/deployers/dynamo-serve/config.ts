import { isAbsolute, resolve } from 'node:path'
import { z } from 'zod'
import type { Role } from '../../model/index.ts'
import { field } from '../../yaml/field.ts'
import { decisive, operational, type ReadKeys } from '../../yaml/keys.ts'
import { folderPath, program } from '../../yaml/kinds.ts'
import { pathText, quoted } from '../../yaml/problem.ts'
import { lookUp, reportDuplicates, type SectionContext } from '../../yaml/section-context.ts'
import { environment, httpPort, readyTimeout, serviceUrl } from '../keys.ts'
import { containerKeys, head, nodes, reportContradictions, ssh } from '../nodes/keys.ts'
import { allocation } from '../slurm/keys.ts'

const moduleAndService = z.string().regex(/^[A-Za-z_][\w.]*:[A-Za-z_]\w*$/)

/** Keys of `deploy` for `dynamo serve` of Dynamo 0.3. The defaults are those of NVIDIA's guide for DeepSeek-R1. */
export const serveKeys = {
  dynamo: decisive(
    field(
      program,
      'The program `dynamo` of Dynamo 0.3: a path (relative to this file), or a program on PATH. Default: `dynamo`.',
      'write the path of dynamo, such as .venv/bin/dynamo',
    ).prefault('dynamo'),
  ),
  workdir: decisive(
    field(
      folderPath,
      'Folder that `dynamo serve` runs in, with the graph’s modules; relative to this file. Default: `/workspace/examples/tensorrt_llm`.',
      'write the path of a folder such as dynamo/examples/tensorrt_llm',
    ).prefault('/workspace/examples/tensorrt_llm'),
  ),
  configs: decisive(
    field(
      z.strictObject({ aggregated: z.string().min(1).optional(), disaggregated: z.string().min(1).optional() }),
      'Service configurations by kind of topology, relative to `workdir`. Fulcrum copies them and never writes to them. Default: `configs/deepseek_r1/agg.yaml` and `configs/deepseek_r1/disagg.yaml`.',
      'write { aggregated: configs/…/agg.yaml, disaggregated: configs/…/disagg.yaml }',
    ).default({}),
  ),
  graphs: decisive(
    field(
      z.strictObject({ aggregated: moduleAndService.optional(), disaggregated: moduleAndService.optional() }),
      'Graph to serve on the head node, by kind of topology. Default: `graphs.agg:Frontend` for both, as in NVIDIA’s guide.',
      'write { aggregated: module:Service, disaggregated: module:Service }',
    ).default({}),
  ),
  workers: decisive(
    field(
      z.strictObject({
        prefill: moduleAndService.optional(),
        decode: moduleAndService.optional(),
        aggregated: moduleAndService.optional(),
      }),
      'Services of workers by role. Default: `components.prefill_worker:TensorRTLLMPrefillWorker` for prefill, `components.worker:TensorRTLLMWorker` for the others.',
      'write { prefill: module:Service, decode: module:Service, aggregated: module:Service }',
    ).default({}),
  ),
  env: decisive(environment.prefault({})),
  nats: operational(serviceUrl('NATS', 'nats://host:4222').optional()),
  etcd: operational(serviceUrl('etcd', 'http://host:2379').optional()),
  http_port: operational(httpPort.optional()),
  gpus: decisive(
    field(
      z.array(z.int().min(0)).min(1),
      'GPU indices of this machine. Fulcrum assigns them to workers with CUDA_VISIBLE_DEVICES. Default: each `dynamo serve` uses GPUs from 0 on, so set this for several workers on one machine. With `nodes` or `slurm`, no worker runs on this machine by default.',
      'write a list of GPU indices such as [0, 1, 2, 3]',
    ).optional(),
  ),
  ready_timeout: operational(readyTimeout('1800s', 'write a duration such as 30m')),
  nodes: decisive(nodes.optional()),
  slurm: decisive(
    field(
      allocation,
      'Workers are steps of a Slurm allocation: what to ask for, with the keys of `with: slurm`.',
      'write { nodes: 2, gpus_per_node: 4, partition: batch, time: "2:00:00" }',
    ).optional(),
  ),
  head: operational(head.optional()),
  ssh: operational(ssh.optional()),
  container: decisive(
    field(
      z.strictObject({
        ...containerKeys,
        dynamo: z.string().min(1).default('dynamo'),
        workdir: z.string().min(1).default('/workspace/examples/tensorrt_llm'),
      }),
      'Runs every `dynamo serve` in a container: `docker run --rm --init --gpus all --network host`, `args`, `image`, and in it `dynamo` (default `dynamo`) in the folder `workdir` (default `/workspace/examples/tensorrt_llm`).',
      'write { image: dynamo:latest-tensorrtllm, args: [-v, /tmp/hf_cache:/root/.cache/huggingface] }',
    ).optional(),
  ),
}

type ServeKeys = ReadKeys<typeof serveKeys>

/** Dynamo 0.3's `dynamo serve`, as NVIDIA's guide deploys DeepSeek R1, with the guide's names as defaults. */
export type DynamoServeConfig = Omit<ServeKeys, 'configs' | 'graphs' | 'workers'> & {
  /** `module:Service` of the head, which includes a frontend and the first worker that decodes. */
  readonly graphs: { readonly aggregated: string; readonly disaggregated: string }
  /**
   * Absolute paths of the user's service configurations (`agg.yaml`, `disagg.yaml`). They are copied and never
   * modified.
   */
  readonly configs: { readonly aggregated: string; readonly disaggregated: string }
  /** `module:Service` of all other workers. */
  readonly workers: { readonly [role in Role]: string }
}

const writingWorker = 'components.worker:TensorRTLLMWorker'

/** Fills in the guide's names, and reports keys that contradict each other. */
export function readServeConfig(keys: ServeKeys, context: SectionContext): DynamoServeConfig {
  reportDuplicates(context, ['deploy', 'gpus'], keys.gpus ?? [], String, 'remove it')
  reportContradictions(keys, context)
  return {
    ...keys,
    configs: configsOf(keys, context),
    graphs: {
      aggregated: keys.graphs.aggregated ?? 'graphs.agg:Frontend',
      disaggregated: keys.graphs.disaggregated ?? 'graphs.agg:Frontend',
    },
    workers: {
      prefill: keys.workers.prefill ?? 'components.prefill_worker:TensorRTLLMPrefillWorker',
      decode: keys.workers.decode ?? writingWorker,
      aggregated: keys.workers.aggregated ?? writingWorker,
    },
  }
}

/** The guide's two files. A file named by the user must exist; a default one only if a topology needs it. */
function configsOf({ configs, workdir }: ServeKeys, context: SectionContext): DynamoServeConfig['configs'] {
  const config = (mode: 'aggregated' | 'disaggregated', usual: string): string => {
    const written = configs[mode]
    const path = written ?? `configs/deepseek_r1/${usual}`
    const absolute = isAbsolute(path) ? path : resolve(workdir, path)
    if (written !== undefined && lookUp(context, absolute) !== 'file') {
      const place = ['deploy', 'configs', mode]
      context.report(
        place,
        `${pathText(place)} is ${quoted(written)}, but ${absolute} does not exist`,
        'write the path of a file, absolute or from workdir',
      )
    }
    return absolute
  }
  return { aggregated: config('aggregated', 'agg.yaml'), disaggregated: config('disaggregated', 'disagg.yaml') }
}
