// Test part: process

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Check } from '../../../src/deployers/doctor/check.ts'
import { checkClock, clockProgram, judgeClock, measureClock } from '../../../src/deployers/doctor/clock.ts'
import { checkDcgm, judgeDcgm } from '../../../src/deployers/doctor/dcgm.ts'
import { judgeLinks, parseAdapters, parseRates } from '../../../src/deployers/doctor/rdma.ts'
import { judgeCards, judgeInstances, judgeModelMetrics } from '../../../src/deployers/doctor/registration.ts'
import { sshTrouble } from '../../../src/deployers/doctor/ssh-machine.ts'
import type { WorkerCard } from '../../../src/deployers/dynamo/cards.ts'
import { judgeNodes } from '../../../src/deployers/slurm/doctor.ts'
import type { AllocationConfig } from '../../../src/deployers/slurm/keys.ts'
import { parseSinfo, slurmSeconds } from '../../../src/deployers/slurm/sinfo.ts'
import { slurmVariables } from '../../../src/deployers/slurm/variables.ts'
import type { Role } from '../../../src/model/index.ts'
import { parseExposition } from '../../../src/telemetry/exposition.ts'

const shown = (checks: readonly Check[]) =>
  checks.map(
    ({ ok, remedy, name, detail }) => `${ok ? (remedy === undefined ? 'ok' : 'note') : 'FAIL'} ${name}: ${detail}`,
  )

describe('RDMA links', () => {
  const port = (adapter: string, state: string, layer = 'InfiniBand') =>
    [
      `hca_id:\t${adapter}`,
      '\ttransport:\t\t\tInfiniBand (0)',
      '\tfw_ver:\t\t\t\t28.36.1010',
      '\tphys_port_cnt:\t\t\t1',
      '\t\tport:\t1',
      `\t\t\tstate:\t\t\t${state}`,
      '\t\t\tmax_mtu:\t\t4096 (5)',
      `\t\t\tlink_layer:\t\t${layer}`,
      '',
    ].join('\n')
  const rate = (adapter: string, gbits: number) =>
    `CA '${adapter}'\n\tCA type: MT4129\n\tNumber of ports: 1\n\tPort 1:\n\t\tState: Active\n\t\tRate: ${gbits}\n\t\tLink layer: InfiniBand\n`

  it('that are up are told with their rates', () => {
    const ports = parseAdapters(port('mlx5_0', 'PORT_ACTIVE (4)') + port('mlx5_1', 'PORT_ACTIVE (4)', 'Ethernet'))
    const rates = parseRates(rate('mlx5_0', 400) + rate('mlx5_1', 400))
    assert.deepEqual(shown(judgeLinks(true, ports, rates, 'n')), [
      'ok rdma: mlx5_0/1 InfiniBand 400 Gbit/s, mlx5_1/1 Ethernet 400 Gbit/s',
    ])
  })

  it('that are all down fail where workers are spread over machines, and only there', () => {
    const ports = parseAdapters(port('mlx5_0', 'PORT_DOWN (1)'))
    assert.match(
      shown(judgeLinks(true, ports, new Map(), 'n'))[0] ?? '',
      /^FAIL rdma: no link is up: mlx5_0\/1 PORT_DOWN/,
    )
    assert.match(shown(judgeLinks(false, ports, new Map(), 'n'))[0] ?? '', /^ok rdma/)
  })

  it('of which some are down or slower are told of', () => {
    const ports = parseAdapters(
      ['mlx5_0', 'mlx5_1'].map(name => port(name, 'PORT_ACTIVE (4)')).join('') + port('mlx5_2', 'PORT_DOWN (1)'),
    )
    const found = shown(judgeLinks(true, ports, parseRates(rate('mlx5_0', 400) + rate('mlx5_1', 100)), 'n'))
    assert.match(found[1] ?? '', /^note rdma: mlx5_2\/1 is PORT_DOWN/)
    assert.match(found[2] ?? '', /^note rdma: links with different rates: 100, 400 Gbit\/s/)
  })

  it('are none without an adapter, which matters between machines', () => {
    assert.deepEqual(judgeLinks(false, [], new Map(), 'n'), [])
    assert.match(shown(judgeLinks(true, [], new Map(), 'n'))[0] ?? '', /^note rdma: there is no RDMA adapter/)
  })

  it('are refused when the output is something else', () => {
    assert.throws(() => parseAdapters('Segmentation fault'), SyntaxError)
    assert.throws(() => parseAdapters('hca_id:\tmlx5_0\n\t\tport:\t1\n'), /has no state/)
  })
})

describe('the clock of another machine', () => {
  it('is measured by round trips through one program', async () => {
    const { offsetMs, uncertaintyMs } = await measureClock(clockProgram, 'here')
    // Of this very machine: whatever is measured has to lie within its own uncertainty, and what reading a clock costs.
    assert.ok(Math.abs(offsetMs) <= uncertaintyMs + 1, `${offsetMs} ± ${uncertaintyMs}`)
  })

  it('is told of from a tenth of a second, and fails from a minute on', () => {
    const judged = (offsetMs: number, uncertaintyMs = 1) =>
      shown([judgeClock({ offsetMs, uncertaintyMs }, 'n')])[0] ?? ''
    assert.match(judged(3), /^ok clock: 3\.0 ms ahead of this machine \(± 1\.0 ms\)/)
    assert.match(judged(-500), /^note clock: 500 ms behind this machine/)
    assert.match(judged(300_000), /^FAIL clock/)
    assert.match(judged(500, 450), /^ok clock/)
  })

  it('that can’t be read is told of, and fails nothing', async () => {
    assert.match(shown([await checkClock(['true'], 'n')])[0] ?? '', /^note clock: not measured/)
    assert.match(
      shown([await checkClock(['echo', 'half past three'], 'n')])[0] ?? '',
      /the clock returned half past three/,
    )
  })
})

describe('what Slurm has', () => {
  const asked: AllocationConfig = {
    ...{ nodes: 2, gpus_per_node: 4, queue_timeout: 60, salloc_args: [], srun_args: [], keep_slurm_variables: false },
  }
  const line = (
    name: string,
    state: string,
    more: { gres?: string; reason?: string; part?: string; time?: string; up?: string } = {},
  ) =>
    [
      more.part ?? 'batch*',
      more.up ?? 'up',
      more.time ?? '1-00:00:00',
      state,
      more.gres ?? 'gpu:h100:8(S:0-1)',
      name,
      more.reason ?? 'none',
    ].join('|')
  const judged = (config: Partial<AllocationConfig>, ...lines: string[]) =>
    shown(judgeNodes({ ...asked, ...config }, parseSinfo(lines.join('\n'))))

  it('fits when there are enough nodes with enough GPUs, idle or not', () => {
    assert.deepEqual(judged({}, line('a', 'idle'), line('b', 'idle')), [
      'ok nodes: 2 usable, 2 idle, 2 with 4 GPUs requested',
    ])
    assert.match(judged({}, line('a', 'idle'), line('b', 'allocated'))[0] ?? '', /^note nodes: 2 usable, 1 idle/)
  })

  it('does not fit when nodes are down or have too few GPUs, each with its reason', () => {
    const found = judged(
      {},
      line('a', 'idle'),
      line('b', 'down*', { reason: 'Not responding|since May' }),
      line('c', 'idle', { gres: '(null)' }),
    )
    assert.match(found[0] ?? '', /^FAIL nodes: 1 usable, 2 with 4 GPUs requested; they have up to 8 GPUs/)
    assert.equal(found[1], 'note nodes: b is down*: Not responding|since May')
  })

  it('does not fit in another partition, one that is down, or for longer than it allows', () => {
    assert.deepEqual(judged({ partition: 'gpu' }, line('a', 'idle')), ['FAIL partition: there is no partition gpu'])
    assert.deepEqual(judged({}, line('a', 'idle', { up: 'down' })), ['FAIL partition: it is down'])
    const found = judged({ nodes: 1, time: '2-00:00:00' }, line('a', 'idle'))
    assert.match(found.at(-1) ?? '', /^FAIL time: 2-00:00:00 is longer than the partition allows/)
    assert.deepEqual(judged({ nodes: 1, time: '9-00' }, line('a', 'idle', { time: 'infinite' })).length, 1)
  })

  it('is refused when it is none of it', () => {
    assert.throws(() => parseSinfo('sinfo: something else'), SyntaxError)
    assert.throws(() => parseSinfo(line('a', 'idle', { time: 'soon' })), /not a time of Slurm: soon/)
    fc.assert(
      fc.property(fc.string(), text => {
        try {
          parseSinfo(text)
        } catch (error) {
          assert.ok(error instanceof SyntaxError)
        }
      }),
    )
  })

  it('has times of every spelling', () => {
    const times = ['30', '30:00', '2:00:00', '1-12', '1-12:30', '1-00:00:10', 'infinite', 'UNLIMITED']
    assert.deepEqual(times.map(slurmSeconds), [1800, 1800, 7200, 129_600, 131_400, 86_410, null, null])
  })

  it('breaks MPI spawn by its variables, which are named', () => {
    assert.deepEqual(slurmVariables({ SLURM_CONF: '/etc/slurm.conf' }), [])
    const [found] = slurmVariables({ SLURM_JOB_ID: '7', SLURM_NODELIST: 'a' })
    assert.match(found?.remedy ?? '', /^unset SLURM_JOB_ID SLURM_NODELIST, /)
  })
})

describe('registered workers', () => {
  const expected = {
    topology: { kind: 'disaggregated', prefill: 1, decode: 2 },
    ...{ model: 'r1', longestTokens: 8256, concurrency: 64 },
  } as const
  const instance = (prefill: boolean, namespace = 'a') => ({ namespace, prefill })
  const seen = (...instances: ReturnType<typeof instance>[]) =>
    shown([judgeInstances(instances, expected, 'u')])[0] ?? ''
  let port = 9
  const card = (role: Role, more: Partial<WorkerCard> = {}): WorkerCard => ({
    ...{
      namespace: 'a',
      role,
      model: 'r1',
      address: `10.0.0.1:${port++}`,
      maxSequences: 64,
      maxBatchedTokens: 8192,
      contextLength: 9000,
    },
    ...more,
  })
  const cards = (...all: WorkerCard[]) => shown(judgeCards(all, expected, 'e'))

  it('pass when each role has its number', () => {
    assert.equal(seen(instance(true), instance(false), instance(false)), 'ok workers: 1P2D registered in a')
    assert.deepEqual(cards(card('prefill'), card('decode'), card('decode')), [
      'ok registered workers: a: 1 prefill (10.0.0.1:9), 2 decode (10.0.0.1:10, 10.0.0.1:11)',
    ])
  })

  it('fail when one is registered twice, even where the numbers agree', () => {
    const at = (address: string) => ({ ...instance(false), address })
    const instances = [instance(true), at('10.0.0.1:9'), at('10.0.0.1:9')]
    assert.equal(seen(...instances), 'FAIL workers: the worker at 10.0.0.1:9 is registered twice')
    const address = '10.0.0.2:9'
    assert.deepEqual(cards(card('prefill'), card('decode', { address }), card('decode', { address })), [
      'FAIL registered workers: the worker at 10.0.0.2:9 is registered twice',
    ])
  })

  it('fail when one is missing, or in the wrong role', () => {
    assert.match(
      seen(instance(true), instance(false)),
      /^FAIL workers: a: 1 prefill, 1 other; 1P2D wants 1 prefill and 2 decode/,
    )
    assert.match(seen(instance(false), instance(false), instance(false)), /^FAIL workers: a: 0 prefill, 3 other/)
    assert.match(seen(), /^FAIL workers: none are registered/)
    assert.match(
      cards(card('prefill'), card('decode'), card('aggregated'))[0] ?? '',
      /^FAIL .*1 aggregated.*; 1P2D is wanted/,
    )
  })

  it('of another deployment beside them are told of', () => {
    const others = seen(instance(true), instance(false), instance(false), instance(false, 'b'))
    assert.match(others, /^note workers: 1P2D is there among others \(a: 1 prefill, 2 other; b: 0 prefill, 1 other\)/)
    assert.match(shown(judgeCards([card('decode')], null, 'e'))[0] ?? '', /^note registered workers: a: 1 decode/)
    assert.deepEqual(shown(judgeCards([], null, 'e')), ['ok registered workers: none yet'])
  })

  it('that take less than the sweep asks for, or another model, do not pass', () => {
    const all = (more: Partial<WorkerCard>) => cards(card('prefill', more), card('decode', more), card('decode', more))
    assert.match(all({ model: 'r2' })[1] ?? '', /^FAIL worker configuration: they serve r2/)
    assert.match(
      all({ contextLength: 8000 })[1] ?? '',
      /^FAIL worker configuration: their limit is 8000 tokens per sequence, but the sweep needs 8256/,
    )
    assert.match(
      all({ maxSequences: 8 })[1] ?? '',
      /^note worker configuration: they decode 16 sequences at once, but the sweep has a concurrency of 64/,
    )
    assert.equal(all({ contextLength: null, maxSequences: null }).length, 1)
  })

  it('that run with other engine settings than the sweep says do not pass', () => {
    const engines = { decode: { batch: 128, tokens: 8192 }, prefill: { batch: null, tokens: 4096 } }
    const found = shown(judgeCards([card('prefill'), card('decode'), card('decode')], { ...expected, engines }, 'e'))
    assert.deepEqual(found.slice(1), [
      'FAIL worker configuration: decode workers process 64 sequences at once, but the sweep says 128',
      'FAIL worker configuration: prefill workers process 8192 tokens a step, but the sweep says 4096',
    ])
  })
})

describe('what a frontend’s metrics say of its workers', () => {
  const expected = {
    topology: { kind: 'disaggregated', prefill: 1, decode: 2 },
    ...{ model: 'r1', longestTokens: 8256, concurrency: 64 },
  } as const
  const judged = (...lines: string[]) => shown(judgeModelMetrics(parseExposition(lines.join('\n')), expected, 'u'))

  it('is held against the workloads and the concurrency', () => {
    const found = judged(
      'dynamo_frontend_model_context_length{model="r1"} 8192',
      'dynamo_frontend_model_max_num_seqs{model="r1"} 8',
      'dynamo_frontend_model_max_num_seqs{model="other"} 4096',
    )
    assert.match(found[0] ?? '', /^FAIL worker configuration: their limit is 8192 tokens per sequence/)
    assert.match(found[1] ?? '', /^note worker configuration: they decode 16 sequences at once/)
  })

  it('is nothing where it is not said, or 0', () => {
    assert.deepEqual(judged('dynamo_frontend_model_context_length{model="r1"} 0'), [])
  })
})

describe('a DCGM exporter', () => {
  const page = (metric: string, value: number, gpu = 0) =>
    `${metric}{gpu="${gpu}",UUID="GPU-${gpu}",device="nvidia${gpu}",modelName="NVIDIA H100 80GB HBM3",Hostname="node1"} ${value}`
  const whole = [page('DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION', 1e9), page('DCGM_FI_DEV_CLOCKS_EVENT_REASONS', 0)]
  const judged = (...lines: string[]) => shown(judgeDcgm(parseExposition([...lines, ...whole].join('\n')), 'u'))

  it('without a metric says what goes unseen', () => {
    const [energy] = whole
    const said = shown(judgeDcgm(parseExposition(energy ?? ''), 'u'))
    assert.deepEqual(said.slice(1), [
      'note dcgm: its page has no DCGM_FI_DEV_CLOCKS_EVENT_REASONS: throttling goes unseen',
    ])
    const older = `${energy}\n${page('DCGM_FI_DEV_CLOCK_THROTTLE_REASONS', 0)}`
    assert.equal(judgeDcgm(parseExposition(older), 'u').length, 1)
  })

  it('says which GPUs there are', () => {
    assert.deepEqual(judged(page('DCGM_FI_DEV_GPU_UTIL', 0), page('DCGM_FI_DEV_GPU_UTIL', 2, 1)), [
      'ok dcgm: 2 × NVIDIA H100 80GB HBM3',
    ])
  })

  it('says which are at work or not well', () => {
    const found = judged(
      ...[page('DCGM_FI_DEV_GPU_UTIL', 97), page('DCGM_FI_DEV_FB_USED', 70_000), page('DCGM_FI_DEV_XID_ERRORS', 79)],
      ...[page('DCGM_FI_DEV_ECC_DBE_VOL_TOTAL', 2, 1), page('DCGM_FI_DEV_ROW_REMAP_FAILURE', 1, 1)],
    )
    assert.deepEqual(found.slice(1), [
      'note node1 gpu 0: 70000 MiB in use, 97 % busy',
      'note node1 gpu 0: its last XID error was 79',
      'FAIL node1 gpu 1: 2 uncorrected ECC errors',
      'FAIL node1 gpu 1: a memory row could not be remapped',
    ])
  })

  it('is missed when nothing answers there, or something refuses', async () => {
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/metrics' ? 200 : 404
      response.end(page('DCGM_FI_DEV_GPU_UTIL', 0))
    }).listen(0, '127.0.0.1')
    try {
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      assert.match(shown(await checkDcgm(`http://127.0.0.1:${port}/metrics`))[0] ?? '', /^ok dcgm: 1 ×/)
      assert.match(shown(await checkDcgm(`http://127.0.0.1:${port}/`))[0] ?? '', /^FAIL dcgm: HTTP 404/)
    } finally {
      server.close()
    }
    assert.match(shown(await checkDcgm('http://127.0.0.1:1/metrics'))[0] ?? '', /^FAIL dcgm: it does not answer/)
  })

  it('is told to collect more often when its page stays the same', async () => {
    let mJ = 1e9
    const server = createServer((request, response) => {
      mJ += 70_000
      const energy = page('DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION', request.url === '/metrics' ? mJ : 1e9)
      response.end(`${energy}\n${whole[1]}`)
    }).listen(0, '127.0.0.1')
    try {
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const [fresh, stale] = await Promise.all(
        ['metrics', 'stale'].map(async path => shown(await checkDcgm(`http://127.0.0.1:${port}/${path}`)).slice(1)),
      )
      assert.deepEqual(fresh, [])
      assert.match(stale?.join() ?? '', /^note dcgm: its page did not change within 1.5 s/)
    } finally {
      server.close()
    }
  })

  it('is missed when the page is another one', () => {
    assert.match(shown(judgeDcgm(parseExposition('up 1'), 'u'))[0] ?? '', /^FAIL dcgm: the page has no DCGM_FI_/)
  })
})

it('what keeps ssh out is answered by its cause', () => {
  const remedy = (complaint: string) => sshTrouble(complaint, 'n1')[1]
  assert.match(remedy('me@n1: Permission denied (publickey).'), /ssh-copy-id n1/)
  assert.match(remedy('Host key verification failed.'), /ssh n1 once by hand/)
  assert.match(remedy('ssh: Could not resolve hostname n1: Name or service not known'), /HostName/)
  assert.match(remedy('ssh: connect to host n1 port 22: Connection timed out'), /firewall/)
})
