import { counted } from '../../model/index.ts'
import { type Exposition, parseExposition } from '../../telemetry/exposition.ts'
import { exporterPage } from '../../telemetry/gpu/dcgm.ts'
import { type Check, missed, noticed, passed } from './check.ts'

/** Memory that an idle GPU may show as used. */
const idleMib = 1024
const idlePercent = 5
const limitMs = 5_000

interface ExportedGpu {
  /** `host gpu 3`. */
  readonly name: string
  readonly model: string
  figure(metric: string): number | null
}

/** Checks GPUs through a DCGM exporter, if one is running (`http://node:9400/metrics`). */
export async function checkDcgm(url: string): Promise<readonly Check[]> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(limitMs) }).catch(() => null)
  const text = answer?.ok ? await answer.text().catch(() => null) : null
  if (text === null) {
    const detail = answer === null ? 'it does not answer' : `HTTP ${answer.status}`
    return [missed('dcgm', detail, 'Correct the URL: dcgm-exporter listens at :9400/metrics.', url)]
  }
  return judgeDcgm(parseExposition(text), url)
}

/** Judges a page of dcgm-exporter: GPUs in use by others, and faulty GPUs. */
export function judgeDcgm(page: Exposition, where: string): readonly Check[] {
  const gpus = gpusOf(page)
  if (gpus.length === 0) {
    // The same option accepts pages of AMD's exporter.
    const other = exporterPage(page)
    if (other !== null)
      return [passed('gpu exporter', `${counted(other.samples.length, 'GPU')} (${other.source})`, where)]
    return [
      missed(
        'dcgm',
        'the page has no DCGM_FI_… metrics',
        'Correct the URL: dcgm-exporter listens at :9400/metrics.',
        where,
      ),
    ]
  }
  const kinds = Map.groupBy(gpus, ({ model }) => model)
  const found = [...kinds].map(([model, alike]) => `${alike.length} × ${model}`).join(', ')
  return [passed('dcgm', found, where), ...gpus.flatMap(gpu => [...busy(gpu, where), ...ill(gpu, where)])]
}

function gpusOf({ samples }: Exposition): readonly ExportedGpu[] {
  const mine = samples.filter(({ name }) => name.startsWith('DCGM_FI_'))
  const groups = Map.groupBy(mine, ({ labels }) => labels.UUID ?? `${labels.Hostname ?? ''}/${labels.gpu ?? ''}`)
  return [...groups.values()].map(group => {
    const labels = group[0]?.labels ?? {}
    return {
      name: `${labels.Hostname ?? ''} gpu ${labels.gpu ?? '?'}`.trim(),
      model: labels.modelName ?? 'GPU',
      figure: metric => {
        const value = group.find(({ name }) => name === metric)?.value
        return value === undefined || !Number.isFinite(value) ? null : value
      },
    }
  })
}

function busy({ name, figure }: ExportedGpu, where: string): readonly Check[] {
  const [used, load] = [figure('DCGM_FI_DEV_FB_USED'), figure('DCGM_FI_DEV_GPU_UTIL')]
  if ((used ?? 0) <= idleMib && (load ?? 0) <= idlePercent) return []
  const detail = `${used === null ? '?' : Math.round(used)} MiB in use${load === null ? '' : `, ${Math.round(load)} % busy`}`
  return [
    noticed(name, detail, 'This is normal for a running system. Otherwise stop the processes that use the GPU.', where),
  ]
}

function ill({ name, figure }: ExportedGpu, where: string): readonly Check[] {
  const errors = figure('DCGM_FI_DEV_ECC_DBE_VOL_TOTAL') ?? 0
  const xid = figure('DCGM_FI_DEV_XID_ERRORS') ?? 0
  const remap = figure('DCGM_FI_DEV_ROW_REMAP_FAILURE') ?? 0
  return [
    ...(errors > 0
      ? [missed(name, `${errors} uncorrected ECC errors`, 'Reset it when it is idle (nvidia-smi -r).', where)]
      : []),
    ...(remap > 0 ? [missed(name, 'a memory row could not be remapped', 'Have it replaced.', where)] : []),
    ...(xid > 0
      ? [
          noticed(
            name,
            `its last XID error was ${xid}`,
            'Look up the code at docs.nvidia.com/deploy/xid-errors, and run dmesg | grep Xid.',
            where,
          ),
        ]
      : []),
  ]
}
