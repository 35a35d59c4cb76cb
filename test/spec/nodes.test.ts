import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createDeployer } from '../../src/deployers/create.ts'
import type { DynamoConfig } from '../../src/deployers/dynamo/config.ts'
import type { DynamoServeConfig } from '../../src/deployers/dynamo-serve/config.ts'
import { namedHosts } from '../../src/deployers/nodes/create.ts'
import type { SlurmConfig } from '../../src/deployers/slurm/config.ts'
import { disk } from '../../src/yaml/files.ts'
import { problems, read, sweepText } from './sweep-text.ts'

const model = { name: 'm', tokenizer: 't' }

function dynamo(rest: string): string {
  return sweepText({ deploy: `{ with: dynamo, backend: dynamo.mocker, gpus_per_worker: 4, ${rest} }` })
}
function slurm(rest: string): string {
  return sweepText({ deploy: `{ with: slurm, backend: dynamo.mocker, gpus_per_worker: 4, ${rest} }` })
}
const only = async (text: string): Promise<string> => {
  const found = await problems(text)
  assert.equal(found.length, 1, found.join('\n'))
  return found[0] ?? ''
}
const deployOf = async <Config>(text: string): Promise<Config> => (await read(text)).deploy.config as Config

describe('nodes of a sweep file', () => {
  it('are names, or names with an address and GPUs', async () => {
    const nodes = 'head: 10.0.0.1, nodes: [n1, { name: n2, address: 10.0.0.3, gpus: 2 }, { name: n3, gpus: [4, 6] }]'
    const text = dynamo(nodes).replace('gpus_per_worker: 4', 'gpus_per_worker: 1')
    const { nodes: read_, head } = await deployOf<DynamoConfig>(text)
    assert.equal(head, '10.0.0.1')
    assert.deepEqual(read_, [
      { name: 'n1' },
      { name: 'n2', address: '10.0.0.3', gpus: [0, 1] },
      { name: 'n3', gpus: [4, 6] },
    ])
  })

  it('need the address of this machine', async () => {
    assert.match(
      await only(dynamo('nodes: [a, b]')),
      /^3:\d+: the nodes cannot reach NATS and etcd on this machine’s loopback/,
    )
  })

  it('are refused when they have too few GPUs, with their place', async () => {
    const found = await problems(dynamo('head: 10.0.0.1, nodes: [{ name: a, gpus: 4 }]'))
    assert.match(
      found[0] ?? '',
      /^3:\d+: 1P1D: it needs 8 GPUs, and only 0 of 1 decode workers of 4 fit \(a has 4\); add nodes or GPUs/,
    )
  })

  it('are refused when no single one holds a worker', async () => {
    const found = await problems(dynamo('head: 10.0.0.1, nodes: [{ name: a, gpus: 2 }, { name: b, gpus: 8 }, c]'))
    assert.deepEqual(found, [])
    const small = await problems(dynamo('head: 10.0.0.1, nodes: [{ name: a, gpus: 2 }, { name: b, gpus: 2 }]'))
    assert.match(
      small[0] ?? '',
      /a prefill worker of 4 does not fit on any single node without nodes_per_worker \(a has 2, b has 2\)/,
    )
  })

  for (const [what, rest, expected] of [
    ['a node listed twice', 'head: 1.1.1.1, nodes: [a, b, a]', /^3:\d+: .*"a".*/],
    ['a GPU listed twice', 'head: 1.1.1.1, nodes: [{ name: a, gpus: [0, 1, 2, 3, 4, 5, 6, 7, 7] }]', /GPU 7 of "a"/],
    ['GPUs of this machine beside nodes', 'head: 1.1.1.1, nodes: [a, b], gpus: [0]', /gpus are those of this machine/],
    [
      'a node listed twice, without advice on repeats',
      'head: 1.1.1.1, nodes: [a, a]',
      /repeats .*; remove it, or give/,
    ],
    [
      'two nodes with one address and the same GPUs',
      'head: 1.1.1.1, nodes: [{ name: a, address: 1.1.1.2, gpus: 8 }, { name: b, address: 1.1.1.2, gpus: [7] }]',
      /^3:\d+: "b" has the address of "a", 1\.1\.1\.2, and shares its GPUs; correct the address, or list different gpus$/,
    ],
    ['an IPv6 head', 'head: "fe80::1", nodes: [a, b]', /deploy\.head is "fe80::1"; write an IPv4 address/],
    [
      'an IPv6 node',
      'head: 1.1.1.1, nodes: [{ name: a, address: "::2" }, b]',
      /address is "::2"; .* an address is IPv4/,
    ],
    ['an address with a port', 'head: 1.1.1.1, nodes: [{ name: a, address: "1.1.1.2:22" }, b]', /without a port$/],
    ['a head that stands for any address', 'head: 0.0.0.0, nodes: [a, b]', /deploy\.head is "0\.0\.0\.0"; /],
    [
      'a loopback head with nodes elsewhere',
      'head: 127.0.0.1, nodes: [{ name: a, address: 10.0.0.2 }, b]',
      /^3:\d+: the nodes cannot reach this machine at "127\.0\.0\.1"; write an address that they can reach$/,
    ],
    ['a head without nodes', 'head: 1.1.1.1', /head requires nodes, but none are listed/],
    ['ssh without nodes', 'ssh: { options: { User: me } }', /ssh requires nodes, but none are listed/],
    ['an option of ssh that could be another argument', 'nodes: [-oProxyCommand=x]', /nodes/],
  ] as const) {
    it(`${what} is refused`, async () => {
      assert.match((await problems(dynamo(rest))).join('\n'), expected)
    })
  }
})

describe('nodes at one address', () => {
  it('are taken if they have different GPUs', async () => {
    const nodes =
      '[{ name: a, address: 1.1.1.2, gpus: [0, 1, 2, 3] }, { name: b, address: 1.1.1.2, gpus: [4, 5, 6, 7, 8, 9, 10, 11] }]'
    assert.deepEqual(await problems(dynamo(`head: 1.1.1.1, nodes: ${nodes}`)), [])
  })
})

describe('a Slurm allocation of a sweep file', () => {
  it('has Dynamo’s settings and its own', async () => {
    const rest =
      'head: 10.0.0.1, nodes: 2, gpus_per_node: 4, time: "2:00:00", queue_timeout: 10m, srun_args: [--mpi=pmix]'
    const config = await deployOf<SlurmConfig>(slurm(rest))
    assert.deepEqual(config, {
      python: '/usr/bin/python3',
      backend: 'dynamo.mocker',
      args: {},
      role_args: {},
      frontend_args: {},
      env: {},
      ready_timeout: 300,
      head: '10.0.0.1',
      nodes: 2,
      gpus_per_node: 4,
      time: '2:00:00',
      queue_timeout: 600,
      salloc_args: [],
      srun_args: ['--mpi=pmix'],
      keep_slurm_variables: false,
    })
  })

  it('is refused when it is too small, with its place', async () => {
    assert.match(
      (await problems(slurm('head: 10.0.0.1, nodes: 1, gpus_per_node: 4')))[0] ?? '',
      /^3:\d+: 1P1D: it needs 8 GPUs, and only 0 of 1 decode workers of 4 fit \(<node 1> has 4\)/,
    )
  })

  it('needs a head', async () => {
    assert.match((await problems(slurm('nodes: 2'))).join('\n'), /deploy\.head is missing; write an IPv4 address/)
  })
})

describe('a dry run', () => {
  const previewOf = async (text: string) => {
    const sweep = await read(text)
    const deployer = await createDeployer(sweep.deploy, { model, runFolder: '/run' })
    const first = sweep.deployments[0] ?? assert.fail('no deployment')
    const { commands } = deployer.preview(null, first)
    await deployer.close()
    return commands
  }

  it('shows the connections and what runs over them, on any machine', async () => {
    const commands = await previewOf(dynamo('head: 203.0.113.1, nodes: [a, { name: b, address: 203.0.113.2 }]'))
    assert.deepEqual(
      commands.map(({ note }) => note),
      ['connection to a', 'connection to b', 'NATS', 'etcd', 'frontend', 'prefill-0', 'decode-0'],
    )
    assert.equal(commands[4]?.env.DYN_TCP_RESPONSE_STREAM_HOST, '<interface of 203.0.113.1>')
    const decode = commands[6]?.argv ?? []
    assert.deepEqual([decode[0], decode.at(-2)], ['ssh', 'b'])
    assert.match(decode.at(-1) ?? '', /'NATS_SERVER=nats:\/\/203\.0\.113\.1:<free port 1>'/)
    assert.match(decode.at(-1) ?? '', /'DYN_TCP_RPC_HOST=203\.0\.113\.2'/)
  })

  it('shows the allocation and its steps', async () => {
    const commands = await previewOf(slurm('head: 203.0.113.1, nodes: 2'))
    assert.deepEqual(
      commands.map(({ note }) => note),
      ['allocation', 'NATS', 'etcd', 'frontend', 'prefill-0', 'decode-0'],
    )
    assert.deepEqual(commands[5]?.argv.slice(0, 3), ['srun', '--jobid=<job>', '--overlap'])
    assert.ok(commands[5]?.argv.includes('--nodelist=<node 2>'))
  })
})

describe('nodes of dynamo serve', () => {
  const graph = join(import.meta.dirname, '../systems/dynamo-serve-graph')
  const serve = (rest: string) =>
    sweepText({ deploy: `{ with: dynamo-serve, dynamo: dynamo, workdir: ${graph}, gpus_per_worker: 4, ${rest} }` })

  const serveOf = async (rest: string) => (await read(serve(rest), disk)).deploy.config as DynamoServeConfig

  it('are nodes over ssh, with this machine among them when its GPUs are named', async () => {
    const config = await serveOf('head: 10.0.0.1, gpus: [0, 1, 2, 3], nodes: [{ name: n1, gpus: 4 }]')
    assert.equal(config.head, '10.0.0.1')
    assert.deepEqual(
      namedHosts(config).map(({ name }) => name),
      [null, 'n1'],
    )
  })

  it('are steps of an allocation', async () => {
    const { slurm: asked } = await serveOf('head: 10.0.0.1, slurm: { nodes: 2, gpus_per_node: 4 }')
    assert.deepEqual([asked?.nodes, asked?.gpus_per_node, asked?.queue_timeout], [2, 4, 3600])
  })

  it('are refused when they have too few GPUs', async () => {
    const found = await problems(serve('head: 10.0.0.1, nodes: [{ name: n1, gpus: 4 }]'), disk)
    assert.match(found[0] ?? '', /^3:\d+: 1P1D: .* \(n1 has 4\); add nodes or GPUs/)
  })

  for (const [what, rest, expected] of [
    ['both kinds at once', 'head: 1.1.1.1, nodes: [a, b], slurm: { nodes: 2 }', /nodes come from ssh or from Slurm/],
    ['an allocation without a head', 'slurm: { nodes: 2 }', /cannot reach NATS and etcd on this machine’s loopback/],
    ['ssh without nodes', 'head: 1.1.1.1, slurm: { nodes: 2 }, ssh: { options: { User: me } }', /ssh requires nodes/],
  ] as const) {
    it(`refuse ${what}`, async () => {
      assert.match((await problems(serve(rest), disk)).join('\n'), expected)
    })
  }
})

describe('ids of deployments', () => {
  const idOf = async (text: string) => (await read(text)).deployments.map(({ id }) => id).join()

  it('are the same however nodes are reached and an allocation is asked for', async () => {
    const over = (rest: string) => idOf(dynamo(`nodes: [n1, n2], ${rest}`))
    assert.equal(await over('head: 10.0.0.1'), await over('head: 10.0.0.9, ssh: { options: { User: me } }'))
    const inSlurm = (rest: string) => idOf(slurm(`head: 10.0.0.1, nodes: 2, ${rest}`))
    assert.equal(await inSlurm('queue_timeout: 1h'), await inSlurm('queue_timeout: 5m, account: a, time: "1:00:00"'))
  })

  it('are others on other nodes', async () => {
    const on = (nodes: string) => idOf(dynamo(`head: 10.0.0.1, nodes: [${nodes}]`))
    assert.notEqual(await on('n1, n2'), await on('n1, n3'))
  })
})
