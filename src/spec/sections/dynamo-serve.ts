import { isAbsolute, resolve } from 'node:path'
import type { DynamoServeConfig } from '../../deployers/config.ts'
import { pathText, quoted } from '../../yaml/problem.ts'
import { existing, lookUp, reportTwice, type SectionContext, seconds } from '../../yaml/section-context.ts'
import type { RawDeploy } from '../schema/deploy.ts'
import { readServePlaces } from './nodes.ts'

type RawDynamoServe = Extract<RawDeploy, { with: 'dynamo-serve' }>

const writingWorker = 'components.worker:TensorRTLLMWorker'

/** `dynamo serve`, with the guide's own names where the file gives none. */
export function readDynamoServe(
  raw: RawDynamoServe,
  env: { readonly [name: string]: string },
  context: SectionContext,
): DynamoServeConfig {
  const workdir = existing(context, ['deploy', 'workdir'], raw.workdir, 'folder')
  reportTwice(context, ['deploy', 'gpus'], raw.gpus ?? [], String)
  return {
    with: 'dynamo-serve',
    dynamo: programOf(raw.dynamo, context),
    workdir,
    configs: configsOf(raw, workdir, context),
    graphs: {
      aggregated: raw.graphs.aggregated ?? 'graphs.agg:Frontend',
      disaggregated: raw.graphs.disaggregated ?? 'graphs.agg:Frontend',
    },
    workers: {
      prefill: raw.workers.prefill ?? 'components.prefill_worker:TensorRTLLMPrefillWorker',
      decode: raw.workers.decode ?? writingWorker,
      aggregated: raw.workers.aggregated ?? writingWorker,
    },
    env,
    readyTimeoutS: seconds(raw.ready_timeout),
    ...(raw.nats === undefined ? {} : { nats: raw.nats }),
    ...(raw.etcd === undefined ? {} : { etcd: raw.etcd }),
    ...(raw.http_port === undefined ? {} : { httpPort: raw.http_port }),
    ...(raw.gpus === undefined ? {} : { gpus: raw.gpus }),
    ...readServePlaces(raw, context),
  }
}

/** The guide's two files; one that is named has to be there, a default one only when a topology needs it. */
function configsOf(raw: RawDynamoServe, workdir: string, context: SectionContext): DynamoServeConfig['configs'] {
  const config = (mode: 'aggregated' | 'disaggregated', usual: string): string => {
    const written = raw.configs[mode]
    const path = written ?? `configs/deepseek_r1/${usual}`
    const absolute = isAbsolute(path) ? path : resolve(workdir, path)
    if (written !== undefined && lookUp(context, absolute) !== 'file') {
      const place = ['deploy', 'configs', mode]
      context.report(
        place,
        `${pathText(place)} is ${quoted(written)}, and there is no ${absolute}`,
        'write the path of a file, absolute or from workdir',
      )
    }
    return absolute
  }
  return { aggregated: config('aggregated', 'agg.yaml'), disaggregated: config('disaggregated', 'disagg.yaml') }
}

/** A program on PATH may be missing here and be there where the sweep runs: the deployer looks again. */
function programOf(dynamo: string, context: SectionContext): string {
  if (/[/\\]/.test(dynamo)) return existing(context, ['deploy', 'dynamo'], dynamo, 'file')
  return context.files.program(dynamo) ?? dynamo
}
