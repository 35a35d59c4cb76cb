import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import type { DynamoServeConfig } from '../../src/deployers/dynamo-serve/config.ts'
import { dynamoServeDeployer } from '../../src/deployers/dynamo-serve/dynamo-serve.ts'
import { nodesOf } from '../../src/deployers/nodes/create.ts'
import { probe } from '../../src/generators/probe.ts'
import { aggregated, deployment, disaggregated, model, watch } from './dynamo-deployment.ts'
import { dynamoServe } from './dynamo-serve-deployment.ts'
import { oneDeployment } from './one-deployment.ts'
import { createHosts, type Hosts, noHosts } from './shards/hosts.ts'
import { until } from './until.ts'

/** The guide's layout: a head node with GPUs of its own, and workers on other nodes. */
describe('a real `dynamo serve` over hosts of their own', { skip: noHosts() }, () => {
  let hosts: Hosts
  const configOver = (hosts: Hosts): DynamoServeConfig => {
    const nodes = ['north', 'south'].map(name => ({ name, gpus: [0, 1, 2, 3] }))
    const ssh = { config: hosts.sshConfig, options: {} }
    return { ...dynamoServe, gpus: [0, 1, 2, 3], head: hosts.address, nodes, ssh }
  }
  const real = oneDeployment(async place => {
    hosts = await createHosts({ north: 0, south: 0 })
    const config = configOver(hosts)
    return dynamoServeDeployer(config, place, nodesOf(config, place.ledger))
  })
  after(() => hosts?.[Symbol.asyncDispose]())
  const { become, check } = real

  const serves = (host: string) => hosts.processes(host).filter(line => /^\S*python\S* \S*dynamo serve /.test(line))
  const services = (host: string) =>
    hosts.pids(host).filter(({ command }) => /^\S*python\S* .*serve_dynamo/.test(command))
  const copiesOn = (host: string) => serves(host).flatMap(line => / -f (\S+)/.exec(line)?.[1] ?? [])
  const roles = (host: string) => serves(host).map(line => / --service-name (\w+)$/.exec(line)?.[1] ?? 'head')
  const ask = () => probe(real.endpoint, { signal: AbortSignal.timeout(20_000), timeoutMs: 20_000, streaming: true })

  it('comes up with the head here, and a prefill and a decode worker on the other hosts', async () => {
    await become(disaggregated(1, 2), { decode: { max_batch_size: 64 } })
    assert.deepEqual([roles('north'), roles('south')].flat().sort(), ['TensorRTLLMPrefillWorker', 'TensorRTLLMWorker'])
    assert.match(real.endpoint.url, /^http:\/\/198\.18\.\d+\.1:/)
    assert.equal((await ask()).outputTokens, 16)
    assert.deepEqual(await check(), [])
  })

  it('has the copies of the configuration where the worker runs', () => {
    const copies = ['north', 'south'].flatMap(copiesOn)
    assert.equal(copies.length, 2)
    for (const copy of copies) assert.match(copy, /^\/tmp\/fulcrum-[0-9a-f]+\/engine\/disagg-/)
    assert.ok(copies.every(existsSync))
  })

  it('starts one worker on another host for one more, and leaves the others alone', async () => {
    await become(disaggregated(1, 1), { decode: { max_batch_size: 64 } })
    const { started, stopped } = await become(disaggregated(2, 1), { decode: { max_batch_size: 64 } })
    assert.deepEqual({ started, stopped }, { started: ['prefill-1'], stopped: [] })
    assert.deepEqual([roles('north'), roles('south')], [['TensorRTLLMPrefillWorker'], ['TensorRTLLMPrefillWorker']])
  })

  it('notices a service that ends on another host, and starts its worker anew', async () => {
    const pid = hosts
      .pids('south')
      .find(one => / serve_dynamo |-m dynamo\.sdk\.cli\.serve_dynamo /.test(one.command))?.pid
    process.kill(pid ?? assert.fail('no service'), 'SIGKILL')
    let problems: readonly string[] = []
    await until(async () => {
      problems = await check()
      return problems.some(problem => problem.startsWith('prefill-'))
    })
    assert.match(problems.join('\n'), /^prefill-\d \(process \d+\) exited with code 70[\s\S]*a service of it has ended/)
    const { started } = await become(disaggregated(2, 1), { decode: { max_batch_size: 64 } })
    assert.equal(started.length, 1)
    assert.match(started[0] ?? '', /^prefill-/)
  })

  it('has its head on another host when this machine names no GPUs', async () => {
    const { gpus: _, ...config } = configOver(hosts)
    const place = { model: model.name, runFolder: join(real.folder, 'away'), ledger: real.ledger }
    const deployer = dynamoServeDeployer(config, place, nodesOf(config, place.ledger))
    const context = watch(AbortSignal.timeout(100_000))
    const { endpoint } = await deployer.reconcile(deployment(aggregated(2)), context)
    assert.match(endpoint.url, /^http:\/\/198\.18\.\d+\.2:/)
    assert.deepEqual(roles('north').toSorted(), ['TensorRTLLMPrefillWorker', 'head'])
    await deployer.close()
  })

  it('leaves nothing on any host', async () => {
    await become(aggregated(3))
    const copies = ['north', 'south'].flatMap(copiesOn)
    await real.deployer.close()
    assert.deepEqual(['north', 'south'].flatMap(host => [serves(host), services(host)]).flat(), [])
    assert.deepEqual(copies.filter(existsSync), [])
    const folders = copies.map(copy => dirname(dirname(copy)))
    assert.deepEqual(folders.filter(existsSync), [])
  })
})
