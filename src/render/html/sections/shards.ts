import type { PointResult } from '../../../journal/event.ts'
import type { ShardHealth } from '../../../metrics/measurement.ts'
import { largest } from '../../../model/index.ts'
import { figure, time } from '../../views/format.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { scrolling } from './tables.ts'

/** A shard at one point. */
interface Sight {
  readonly point: string
  readonly shard: ShardHealth
}

/** Health of each process of a split load, at its worst over all points; null if no load was split. */
export function shardsTable(results: readonly PointResult[]): Html | null {
  const sights = results.flatMap(({ point, measurement }) =>
    (measurement?.client.shards ?? []).map((shard, index) => ({ point: point.id, shard, name: nameOf(shard, index) })),
  )
  if (sights.length === 0) return null
  const shards = [...Map.groupBy(sights, ({ name }) => name)]
  return html`<details class="data"><summary>The load was split over ${shards.length} processes: how each went</summary>
<p class="none">The worst of each over its points. Clock uncertainty matters only for times between shards, because each latency comes from one clock.</p>
${scrolling(
  html`<table><thead><tr><th>Shard</th><th class="n">Points</th><th class="n">Requests</th><th class="n">Send lateness p99</th><th class="n">Event loop delay p99</th><th class="n">CPU</th><th class="n">Clock uncertain by</th><th class="n">Clock drift</th><th>Lost at</th></tr></thead>
<tbody>${shards.map(([name, of]) => row(name, of))}</tbody></table>`,
)}</details>`
}

/** Several shards may run on one host. */
const nameOf = ({ host }: ShardHealth, index: number) => `${index + 1}: ${host}`

function row(name: string, sights: readonly Sight[]): Html {
  const worst = (of: (shard: ShardHealth) => number | null | undefined): number | null => {
    const known = sights.flatMap(({ shard }) => of(shard) ?? [])
    return known.length === 0 ? null : largest(known)
  }
  const share = worst(shard => shard.cpuShare)
  const lost = sights.filter(({ shard }) => shard.requests === null)
  const requests = sights.reduce((sum, { shard }) => sum + (shard.requests ?? 0), 0)
  return html`<tr><td>${name}</td><td class="n">${sights.length}</td><td class="n">${requests.toLocaleString('en-US')}</td><td class="n">${time(worst(shard => shard.sendLatenessMs?.p99))}</td><td class="n">${time(worst(shard => shard.eventLoopDelayMs?.p99))}</td><td class="n">${share === null ? '–' : `${figure(share * 100)}%`}</td><td class="n">${time(worst(shard => shard.clock.uncertaintyMs))}</td><td class="n">${time(worst(shard => (shard.clock.driftMs === null ? null : Math.abs(shard.clock.driftMs))))}</td><td class="text">${lost.length === 0 ? '' : html`<em>${lost.map(({ point }) => point).join(', ')}</em>`}</td></tr>`
}
