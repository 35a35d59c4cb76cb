import type { RunState, RunSummary } from './catalogue.ts'
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
 * The runs as Prometheus text 0.0.4: the number of runs in each state and, for the newest run of each sweep, its
 * progress and the figures of its last point. Times are in seconds, shares from 0 to 1. Unobserved figures have no
 * sample.
 * @param runs newest first
 */
export function metricsResponse(runs: readonly RunSummary[]): SiteResponse {
  const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }
  return { status: 200, headers, body: familiesOf(runs).map(textOf).join('') }
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
