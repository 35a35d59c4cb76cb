import type { RunState, RunSummary } from './catalogue.ts'
import type { InFlight } from './in-flight.ts'
import type { SiteResponse } from './response.ts'

const states: readonly RunState[] = [
  ...(['running', 'complete', 'interrupted', 'failed', 'budget', 'unfinished', 'unreadable'] as const),
]

interface Family {
  readonly name: string
  readonly help: string
  readonly samples: readonly (readonly [labels: { readonly [name: string]: string }, value: number | null])[]
}

/**
 * The runs as Prometheus text 0.0.4: the number of runs in each state; for the newest run of each sweep, its progress
 * and the figures of its last point; and the points in flight. Times are in seconds, shares from 0 to 1. Unobserved
 * figures have no sample.
 * @param runs newest first
 */
export function metricsResponse(runs: readonly RunSummary[], inFlight: readonly InFlight[] = []): SiteResponse {
  const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }
  return { status: 200, headers, body: [...familiesOf(runs), ...inFlightFamilies(inFlight)].map(textOf).join('') }
}

function familiesOf(runs: readonly RunSummary[]): readonly Family[] {
  const sweeps = [...Map.groupBy(runs, ({ place }) => place.sweep)]
  const youngest = sweeps.flatMap(([sweep, [run]]) => (run === undefined ? [] : [{ sweep, run }]))
  const ofRun = (read: (run: RunSummary) => number | null) =>
    youngest.map(({ sweep, run }) => [{ sweep, run: run.place.run }, read(run)] as const)
  const latest = youngest.flatMap(({ sweep, run }) =>
    run.latest === null
      ? []
      : [
          {
            labels: { sweep, workload: run.latest.workload, deployment: run.latest.deployment, load: run.latest.load },
            point: run.latest,
          },
        ],
  )
  const ofPoint = (read: (point: (typeof latest)[number]['point']) => number | null) =>
    latest.map(({ labels, point }) => [labels, read(point)] as const)
  const ofRole = (name: 'waiting' | 'running' | 'kvCache') =>
    latest.flatMap(({ labels, point }) =>
      point.roles.map(load => [{ ...labels, role: load.role }, load[name]] as const),
    )
  const seconds = (ms: number | null) => (ms === null ? null : ms / 1000)
  return [
    {
      name: 'fulcrum_runs',
      help: 'Runs by sweep and state.',
      samples: sweeps.flatMap(([sweep, all]) =>
        states.map(state => [{ sweep, state }, all.filter(run => run.state === state).length] as const),
      ),
    },
    {
      name: 'fulcrum_run_created_timestamp_seconds',
      help: 'When the newest run of a sweep was created, Unix time.',
      samples: ofRun(({ createdAt }) => seconds(Date.parse(createdAt))),
    },
    {
      name: 'fulcrum_run_running',
      help: '1 while the newest run of a sweep is running, else 0.',
      samples: ofRun(({ state }) => Number(state === 'running')),
    },
    {
      name: 'fulcrum_run_points_planned',
      help: 'Points that the newest run of a sweep has planned.',
      samples: ofRun(({ points }) => points.planned),
    },
    {
      name: 'fulcrum_run_points',
      help: 'Measured points of the newest run of a sweep, by status.',
      samples: youngest.flatMap(({ sweep, run }) =>
        (['ok', 'invalid', 'failed'] as const).map(
          status => [{ sweep, run: run.place.run, status }, run.points[status]] as const,
        ),
      ),
    },
    {
      name: 'fulcrum_last_point_ttft_p95_seconds',
      help: 'TTFT p95 of the last valid point of the newest run.',
      samples: ofPoint(({ ttftP95Ms }) => seconds(ttftP95Ms)),
    },
    {
      name: 'fulcrum_last_point_itl_p95_seconds',
      help: 'ITL p95 of the last valid point of the newest run.',
      samples: ofPoint(({ itlP95Ms }) => seconds(itlP95Ms)),
    },
    {
      name: 'fulcrum_last_point_output_tokens_per_second',
      help: 'Output tokens per second of the last valid point of the newest run.',
      samples: ofPoint(({ outputTokensPerS }) => outputTokensPerS),
    },
    {
      name: 'fulcrum_last_point_requests_waiting',
      help: 'Mean queue of one worker of a role during the last valid point.',
      samples: ofRole('waiting'),
    },
    {
      name: 'fulcrum_last_point_requests_running',
      help: 'Mean batch of one worker of a role during the last valid point.',
      samples: ofRole('running'),
    },
    {
      name: 'fulcrum_last_point_kv_cache_usage_ratio',
      help: 'Mean share of the KV cache in use, of one worker of a role, during the last valid point.',
      samples: ofRole('kvCache'),
    },
    {
      name: 'fulcrum_last_point_gpu_power_watts',
      help: 'Mean power of all GPUs of the deployment during the last valid point.',
      samples: ofPoint(({ gpuPowerW }) => gpuPowerW),
    },
    {
      name: 'fulcrum_last_point_gpu_utilization_ratio',
      help: 'Mean utilization of the GPUs during the last valid point.',
      samples: ofPoint(({ gpuUtilization }) => gpuUtilization),
    },
    {
      name: 'fulcrum_last_point_energy_per_output_token_joules',
      help: 'Energy of the GPUs per output token of the last valid point.',
      samples: ofPoint(({ energyPerOutputTokenJ }) => energyPerOutputTokenJ),
    },
    {
      name: 'fulcrum_last_point_cost_per_million_output_tokens',
      help: 'Cost of the last valid point, in the currency of its price.',
      samples: latest.map(({ labels, point }) => [
        { ...labels, currency: point.currency ?? '' },
        point.costPerMillionOutputTokens,
      ]),
    },
  ]
}

function inFlightFamilies(points: readonly InFlight[]): readonly Family[] {
  const labelsOf = ({ sweep, live: { point } }: InFlight) => {
    const { workload, deployment, load } = point
    return { sweep, workload, deployment, load }
  }
  const ofPoint = (read: (live: InFlight['live']) => number | null) =>
    points.map(one => [labelsOf(one), read(one.live)] as const)
  const ofRole = (read: (role: InFlight['live']['roles'][number]) => number | null) =>
    points.flatMap(one => one.live.roles.map(role => [{ ...labelsOf(one), role: role.role }, read(role)] as const))
  const ofGpus = (read: (gpus: InFlight['live']['gpus'][number]) => number | null) =>
    points.flatMap(one => one.live.gpus.map(gpus => [{ ...labelsOf(one), role: gpus.role ?? '' }, read(gpus)] as const))
  const name = (figure: string) => `fulcrum_in_flight_${figure}`
  return [
    {
      name: name('requests'),
      help: 'Requests in flight of the point that is measured now.',
      samples: ofPoint(({ inFlight }) => inFlight),
    },
    {
      name: name('output_tokens_per_second'),
      help: 'Output tokens per second of the point that is measured now, over the last few seconds.',
      samples: ofPoint(({ outputTokensPerS }) => outputTokensPerS),
    },
    {
      name: name('requests_waiting'),
      help: 'Queue of one worker of a role now.',
      samples: ofRole(({ waiting }) => waiting),
    },
    {
      name: name('requests_running'),
      help: 'Batch of one worker of a role now.',
      samples: ofRole(({ running }) => running),
    },
    {
      name: name('kv_cache_usage_ratio'),
      help: 'Share of the KV cache in use now, of one worker of a role.',
      samples: ofRole(({ kvCache }) => kvCache),
    },
    {
      name: name('gpus'),
      help: 'GPUs of a role.',
      samples: ofGpus(({ gpus }) => gpus),
    },
    {
      name: name('gpu_power_watts'),
      help: 'Power of one GPU of a role now.',
      samples: ofGpus(({ powerW }) => powerW),
    },
    {
      name: name('gpu_utilization_ratio'),
      help: 'Utilization of one GPU of a role now.',
      samples: ofGpus(({ utilization }) => utilization),
    },
  ]
}

function textOf({ name, help, samples }: Family): string {
  const lines = samples.flatMap(([labels, value]) => {
    if (value === null || Number.isNaN(value)) return []
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
    return [`${name}{${pairs.join(',')}} ${value}\n`]
  })
  return lines.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
