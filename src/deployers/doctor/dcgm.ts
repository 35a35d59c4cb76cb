import { setTimeout } from 'node:timers/promises'
import { counted } from '../../model/index.ts'
import { type Exposition, parseExposition } from '../../telemetry/exposition.ts'
import { dcgmIdentity, dcgmOfGpus, exporterPage } from '../../telemetry/gpu/dcgm.ts'
import { type Check, missed, noticed, passed } from './check.ts'

/** Memory that an idle GPU may show as used. */
const idleMib = 1024
const idlePercent = 5
const limitMs = 5_000
/** An exporter that collects once a second shows other values after this time. */
const refreshMs = 1_500
const energyCounter = 'DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION'

interface ExportedGpu {
  /** `host gpu 3`. */
  readonly name: string
  readonly model: string
  figure(metric: string): number | null
}

/** Checks GPUs through a DCGM exporter, if one is running (`http://node:9400/metrics`), and how often it collects. */
export async function checkDcgm(url: string): Promise<readonly Check[]> {
  const text = await pageAt(url)
  if (typeof text === 'string')
    return [missed('dcgm', text, 'Correct the URL: dcgm-exporter listens at :9400/metrics.', url)]
  const page = parseExposition(text.page)
  const checks = judgeDcgm(page, url)
  if (!page.samples.some(({ name }) => name === energyCounter)) return checks
  await setTimeout(refreshMs)
  const later = await pageAt(url)
  return typeof later === 'string' || later.page !== text.page ? checks : [...checks, staleCheck(url)]
}

/** The page, or why there is none. */
async function pageAt(url: string): Promise<{ readonly page: string } | string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(limitMs) }).catch(() => null)
  const page = answer?.ok ? await answer.text().catch(() => null) : null
  if (page !== null) return { page }
  return answer === null ? 'it does not answer' : `HTTP ${answer.status}`
}

const staleCheck = (url: string): Check =>
  noticed(
    'dcgm',
    `its page did not change within ${refreshMs / 1000} s, although energy counters always move`,
    'Start dcgm-exporter with --collect-interval 1000: by default it collects every 30 s, too rarely for the energy of a short point.',
    url,
  )

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
  return [
    passed('dcgm', found, where),
    ...lacking(page, where),
    ...gpus.flatMap(gpu => [...busy(gpu, where), ...ill(gpu, where)]),
  ]
}

/** What a point lacks without a metric; any of the names will do. */
const wanted: readonly (readonly [names: readonly string[], without: string])[] = [
  [[energyCounter], 'energy is estimated from samples of power'],
  [['DCGM_FI_DEV_CLOCKS_EVENT_REASONS', 'DCGM_FI_DEV_CLOCK_THROTTLE_REASONS'], 'throttling goes unseen'],
]

/** The default files of dcgm-exporter leave out the reasons for low clock rates. */
function lacking({ samples }: Exposition, where: string): readonly Check[] {
  const present = new Set(samples.map(({ name }) => name))
  return wanted.flatMap(([names, without]) => {
    if (names.some(name => present.has(name))) return []
    const remedy = `Add ${names[0]} to the counters file of dcgm-exporter (--collectors).`
    return [noticed('dcgm', `its page has no ${names[0]}: ${without}`, remedy, where)]
  })
}

function gpusOf(page: Exposition): readonly ExportedGpu[] {
  const groups = Map.groupBy(dcgmOfGpus(page), ({ labels }) => dcgmIdentity(labels).id.replace(/\/GI.*$/, ''))
  return [...groups.values()].map(group => {
    const { host, index, model } = dcgmIdentity(group[0]?.labels ?? {})
    return {
      name: `${host ?? ''} gpu ${index ?? '?'}`.trim(),
      model: model ?? 'GPU',
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
