import { type Check, missed, noticed, passed } from './check.ts'
import { hereMachine, type Machine } from './machine.ts'

/** One port of an RDMA adapter. */
export interface RdmaPort {
  readonly adapter: string
  readonly port: number
  /** `PORT_ACTIVE`, `PORT_DOWN`, … */
  readonly state: string
  /** `InfiniBand`, `Ethernet` (RoCE). */
  readonly linkLayer: string
}

/**
 * Parses the output of `ibv_devinfo` from rdma-core.
 * @throws SyntaxError if ports have no state, or nothing is recognized
 */
export function parseAdapters(text: string): readonly RdmaPort[] {
  const ports: { adapter: string; port: number; state?: string; linkLayer?: string }[] = []
  let adapter: string | null = null
  for (const line of text.split('\n')) {
    const [, key, value] = /^\s*([a-z_]+):\s*(.*?)\s*$/.exec(line) ?? []
    if (key === 'hca_id') adapter = value ?? ''
    else if (key === 'port' && adapter !== null) ports.push({ adapter, port: Number(value) })
    else if (key === 'state') Object.assign(ports.at(-1) ?? {}, { state: value?.replace(/ \(\d+\)$/, '') })
    else if (key === 'link_layer') Object.assign(ports.at(-1) ?? {}, { linkLayer: value })
  }
  if (adapter === null && text.trim() !== '')
    throw new SyntaxError(`not the output of ibv_devinfo: ${text.slice(0, 80)}`)
  return ports.map(({ adapter: name, port, state, linkLayer }) => {
    if (state === undefined || !Number.isInteger(port)) throw new SyntaxError(`port ${port} of ${name} has no state`)
    return { adapter: name, port, state, linkLayer: linkLayer ?? 'unknown' }
  })
}

/** Rates (Gbit/s) of ports by `adapter/port`, from the output of `ibstat`. */
export function parseRates(text: string): ReadonlyMap<string, number> {
  const rates = new Map<string, number>()
  let [adapter, port] = ['', '']
  for (const line of text.split('\n')) {
    adapter = /^CA '(.+)'/.exec(line)?.[1] ?? adapter
    port = /^\s+Port (\d+):/.exec(line)?.[1] ?? port
    const rate = /^\s+Rate: (\d+)/.exec(line)?.[1]
    if (rate !== undefined) rates.set(`${adapter}/${port}`, Number(rate))
  }
  return rates
}

/** Names and maximum rates per port (Gbit/s) of adapters, by the type that `ibstat` prints (PCI ids). */
const adapterTypes: { readonly [type: string]: readonly [name: string, gbits: number] } = {
  MT4119: ['ConnectX-5', 100],
  MT4121: ['ConnectX-5 Ex', 100],
  MT4123: ['ConnectX-6', 200],
  MT4129: ['ConnectX-7', 400],
  MT4131: ['ConnectX-8', 800],
  MT41692: ['BlueField-3', 400],
}

/** Types of adapters by name, from the output of `ibstat`: `MT4129`. */
export function parseTypes(text: string): ReadonlyMap<string, string> {
  const types = new Map<string, string>()
  let adapter = ''
  for (const line of text.split('\n')) {
    adapter = /^CA '(.+)'/.exec(line)?.[1] ?? adapter
    const type = /^\s+CA type: (\S+)/.exec(line)?.[1]
    if (type !== undefined) types.set(adapter, type)
  }
  return types
}

/**
 * Links that are slower than cards of their type can be. Some cards are sold with a lower rate, so this is only a note.
 */
export function slowLinks(
  ports: readonly RdmaPort[],
  rates: ReadonlyMap<string, number>,
  types: ReadonlyMap<string, string>,
  where: string,
): readonly Check[] {
  return ports.flatMap(({ adapter, port, state }) => {
    const rate = rates.get(`${adapter}/${port}`)
    const [name, most] = adapterTypes[types.get(adapter) ?? ''] ?? []
    if (state !== 'PORT_ACTIVE' || rate === undefined || most === undefined || rate >= most) return []
    const detail = `${adapter}/${port} has ${rate} Gbit/s, and a ${name} can have ${most}`
    return [
      noticed('rdma', detail, 'Look at the cable and the switch port; some cards of this type are slower.', where),
    ]
  })
}

/**
 * Checks the links that transfer KV caches.
 * @param between whether workers run on several machines, which need these links
 */
export async function checkRdma(between: boolean, machine: Machine = hereMachine): Promise<readonly Check[]> {
  const [devices, rates] = await Promise.all([machine.run('ibv_devinfo', []), machine.run('ibstat', [])])
  if (devices.absent) {
    if (!between) return []
    const remedy = 'To check the links, install ibverbs-utils (Debian) or libibverbs-utils.'
    return [noticed('rdma', 'ibv_devinfo is not installed, so the links are unknown', remedy, machine.name)]
  }
  // Fails without adapters: "No IB devices found", or the kernel has no RDMA.
  const none = !devices.ok && /No IB devices|Failed to get IB devices list/i.test(devices.complaint)
  if (!devices.ok && !none) {
    return [noticed('rdma', `ibv_devinfo: ${devices.complaint}`, 'Check the adapter’s driver.', machine.name)]
  }
  try {
    const ports = none ? [] : parseAdapters(devices.out)
    const found = parseRates(rates.out)
    return [
      ...judgeLinks(between, ports, found, machine.name),
      ...slowLinks(ports, found, parseTypes(rates.out), machine.name),
    ]
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return [noticed('rdma', error.message, 'Run ibv_devinfo to see its output.', machine.name)]
  }
}

/**
 * Fails an inactive link only if workers need it. Without RDMA, the KV cache is transferred over TCP, which is a note.
 */
export function judgeLinks(
  between: boolean,
  ports: readonly RdmaPort[],
  rates: ReadonlyMap<string, number>,
  where: string,
): readonly Check[] {
  const active = ports.filter(({ state }) => state === 'PORT_ACTIVE')
  if (ports.length === 0 || active.length === 0) {
    if (!between) return ports.length === 0 ? [] : [passed('rdma', `no link is up, and none is needed`, where)]
    const states = ports.map(({ adapter, port, state }) => `${adapter}/${port} ${state}`).join(', ')
    return ports.length === 0
      ? [
          noticed(
            'rdma',
            'there is no RDMA adapter: KV caches are transferred over TCP',
            'Expect a longer TTFT in disaggregated topologies.',
            where,
          ),
        ]
      : [
          missed(
            'rdma',
            `no link is up: ${states}`,
            'Check the cables, the switch and the subnet manager (ibstat, opensm).',
            where,
          ),
        ]
  }
  const named = active.map(({ adapter, port, linkLayer }) => {
    const rate = rates.get(`${adapter}/${port}`)
    return `${adapter}/${port} ${linkLayer}${rate === undefined ? '' : ` ${rate} Gbit/s`}`
  })
  const down = ports.filter(({ state }) => state !== 'PORT_ACTIVE')
  const found = new Set(active.flatMap(({ adapter, port }) => rates.get(`${adapter}/${port}`) ?? []))
  return [
    passed('rdma', named.join(', '), where),
    ...down.map(({ adapter, port, state }) =>
      noticed(
        'rdma',
        `${adapter}/${port} is ${state}`,
        'Exclude it (UCX_NET_DEVICES, NCCL_IB_HCA), or bring it up.',
        where,
      ),
    ),
    ...(found.size < 2
      ? []
      : [
          noticed(
            'rdma',
            `links with different rates: ${[...found].sort((a, b) => a - b).join(', ')} Gbit/s`,
            'A transfer may use a slower link. Name the fast ones in UCX_NET_DEVICES.',
            where,
          ),
        ]),
  ]
}
