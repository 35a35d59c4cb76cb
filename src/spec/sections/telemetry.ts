import {
  type Deployment,
  defined,
  type GpuTelemetry,
  isSecretName,
  type Role,
  roles,
  rolesOf,
  type Telemetry,
  type WorkerPage,
} from '../../model/index.ts'
import type { Path } from '../../yaml/problem.ts'
import { type SectionContext, seconds } from '../../yaml/section-context.ts'
import type { RawTelemetry } from '../schema/telemetry.ts'

/** Reads the pages to observe. Reports URLs that cannot be requested, contain secrets, or appear twice. */
export function readTelemetry({ gpus, workers }: RawTelemetry, context: SectionContext): Telemetry {
  const observed = readGpus(gpus, context)
  if (workers === 'auto') return { gpus: observed, workers }
  const first = new Map<string, number>()
  const pages = workers.map((worker, index): WorkerPage => {
    const page = typeof worker === 'string' ? { url: worker } : worker
    const path: Path = ['telemetry', 'workers', index, ...(typeof worker === 'string' ? [] : ['url'])]
    const url = pageUrl(page.url, path, context)
    const same = first.get(url)
    if (same === undefined) first.set(url, index)
    else context.report(path, `telemetry.workers[${same}] has the same URL`, 'remove one of the two')
    return page.role === undefined ? { url } : { url, role: page.role }
  })
  return { gpus: observed, workers: pages }
}

function readGpus(raw: RawTelemetry['gpus'], context: SectionContext): GpuTelemetry {
  if (raw === false) return 'off'
  if (raw === 'auto' || raw === 'off') return raw
  const first = new Map<string, number>()
  const dcgm = (raw.dcgm ?? []).map((text, index) => {
    const path: Path = ['telemetry', 'gpus', 'dcgm', index]
    const url = pageUrl(text, path, context)
    const same = first.get(url)
    if (same === undefined) first.set(url, index)
    else context.report(path, `telemetry.gpus.dcgm[${same}] has the same URL`, 'remove one of the two')
    return url
  })
  const sampleS = seconds(raw.sample)
  if (sampleS < 0.1 || sampleS > 60)
    context.report(['telemetry', 'gpus', 'sample'], `${raw.sample} is out of range`, 'write 100ms to 60s')
  const nvidiaSmi = raw.nvidia_smi ?? dcgm.length === 0
  if (!nvidiaSmi && dcgm.length === 0)
    context.report(['telemetry', 'gpus'], 'it names no source', 'write dcgm: [URL] or nvidia_smi: true')
  // A GPU may have one role in an aggregated deployment and another one in a disaggregated deployment.
  const { aggregated = [], prefill = [], decode = [] } = raw.devices ?? {}
  const twice = [aggregated, [...prefill, ...decode]].flatMap(own => own.find((gpu, i) => own.indexOf(gpu) !== i) ?? [])
  if (twice[0] !== undefined)
    context.report(
      ['telemetry', 'gpus', 'devices'],
      `GPU ${twice[0]} is named twice`,
      'name each GPU once, by its UUID if several machines have that index',
    )
  return { dcgm, nvidiaSmi, sampleS, devices: raw.devices === undefined ? null : defined(raw.devices) }
}

/** Checks that the GPUs named by role are those of the roles of the sweep: of no other one, and of each one. */
export function checkDeviceRoles(
  { gpus }: Telemetry,
  deployments: readonly Pick<Deployment, 'topology'>[],
  { report }: Pick<SectionContext, 'report'>,
): void {
  if (gpus === 'auto' || gpus === 'off' || gpus.devices === null) return
  const own = new Set<Role>(deployments.flatMap(({ topology }) => rolesOf(topology)))
  const path: Path = ['telemetry', 'gpus', 'devices']
  for (const role of roles) {
    const isNamed = (gpus.devices[role] ?? []).length > 0
    if (isNamed && !own.has(role))
      report([...path, role], `no topology has ${role} workers`, `name the GPUs of ${[...own].join(' and ')} workers`)
    else if (!isNamed && own.has(role))
      report(path, `the GPUs of ${role} workers are missing`, `add ${role}: [0], or leave out devices`)
  }
}

/** URL of a metrics page: `/metrics` if the text has no path. */
function pageUrl(text: string, path: Path, { report }: SectionContext): string {
  const url = URL.parse(text)
  if (url === null) {
    report(path, `${JSON.stringify(text)} is not an HTTP URL`, 'use a URL such as http://10.0.0.5:9090/metrics')
    return text
  }
  if (url.username !== '' || url.password !== '' || [...url.searchParams.keys()].some(isSecretName)) {
    const remedy = 'remove them: pages are requested with the token of deploy.api_key_env'
    report(path, 'the URL contains a user name, a password or a token, but this file is stored with every run', remedy)
  }
  if (url.pathname === '/' && url.search === '') url.pathname = '/metrics'
  url.hash = ''
  return url.href
}
