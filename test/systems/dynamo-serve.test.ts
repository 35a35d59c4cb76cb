import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import type { DynamoServeConfig } from '../../src/deployers/dynamo-serve/config.ts'
import { dynamoServeDeployer } from '../../src/deployers/dynamo-serve/dynamo-serve.ts'
import type { Deployment } from '../../src/model/index.ts'
import { allProcesses, environmentValue } from '../../src/process/proc.ts'
import { parseExposition } from '../../src/telemetry/exposition.ts'
import { readPage } from '../../src/telemetry/metrics-page.ts'
import { aggregated, disaggregated, model } from './dynamo-deployment.ts'
import { dynamoServe, workdir } from './dynamo-serve-deployment.ts'
import { oneDeployment } from './one-deployment.ts'
import { until } from './until.ts'

describe('a real `dynamo serve` deployment', () => {
  const edited = mkdtempSync(join(tmpdir(), 'fulcrum-serve-variants-'))
  after(() => rm(edited, { recursive: true, force: true }))
  /** The user's disaggregated service configuration with another value in it. */
  const withConfig = (name: string, edit: (text: string) => string): DynamoServeConfig => {
    const { disaggregated: original } = dynamoServe.configs
    const path = join(edited, `${name}.yaml`)
    writeFileSync(path, edit(readFileSync(original, 'utf8')))
    return { ...dynamoServe, configs: { ...dynamoServe.configs, disaggregated: path } }
  }
  const variants: { readonly [name: string]: DynamoServeConfig } = {
    // Said otherwise, and the same.
    commented: withConfig('commented', text => `# a comment\n${text}`),
    frontend: withConfig('frontend', text => text.replace('Frontend:\n', 'Frontend:\n  router: kv\n')),
    prefill: withConfig('prefill', text =>
      text.replace('TensorRTLLMPrefillWorker:\n', 'TensorRTLLMPrefillWorker:\n  max-wait: 1\n'),
    ),
    publishing: withConfig('publishing', text =>
      text.replace('TensorRTLLMWorker:\n', 'TensorRTLLMWorker:\n  router: kv\n  ms-per-token: 20\n'),
    ),
    environment: { ...dynamoServe, env: { ...dynamoServe.env, TLLM_LOG_LEVEL: 'INFO' } },
  }
  const configOf = ({ variant }: Deployment) =>
    variant === undefined ? dynamoServe : (variants[variant] ?? assert.fail(variant))
  const real = oneDeployment(place => dynamoServeDeployer(dynamoServe, { ...place, configOf }))
  const { become, check, pidOf } = real

  /** One completion as load asks for it; resolves with what its workers say of themselves. */
  async function trace(tokens = 3): Promise<string> {
    const body = {
      model: model.name,
      messages: [{ role: 'user', content: 'hello' }],
      stream: true,
      max_tokens: tokens,
      nvext: { ignore_eos: true },
    }
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${real.endpoint.url}/v1/chat/completions`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    })
    const text = await answer.text()
    return /"system_fingerprint": "([^"]*)"/.exec(text)?.[1] ?? assert.fail(text)
  }

  /** What several completions say, each once: requests go to workers at random. */
  async function traces(): Promise<readonly string[]> {
    const said = new Set<string>()
    for (let i = 0; i < 24; i++) said.add((await trace()).replace(/ pid:.*/, ''))
    return [...said].sort()
  }

  const marked = async (): Promise<readonly number[]> => {
    const values = (await allProcesses()).map(async ({ pid }) =>
      (await environmentValue(pid, 'FULCRUM_PROCESS'))?.startsWith(real.ledger.id) ? pid : null,
    )
    return (await Promise.all(values)).filter(pid => pid !== null)
  }

  it('comes up as 1P1D: a head with the frontend and the first decode worker, and a prefill worker', async () => {
    const { started, workersStarted } = await become(disaggregated(1, 1))
    assert.deepEqual(started, ['decode-0', 'prefill-0'])
    assert.equal(workersStarted, 2)
    assert.equal(real.endpoint.dialect, 'dynamo-0.3')
    assert.deepEqual(await traces(), ['prefill:1 worker:256 gpus:0,1,2,3'])
    assert.deepEqual(await check(), [])
  })

  it('becomes 2P1D by starting one prefill worker', async () => {
    const head = pidOf('decode-0')
    const { started, stopped } = await become(disaggregated(2, 1))
    assert.deepEqual({ started, stopped }, { started: ['prefill-1'], stopped: [] })
    assert.equal(pidOf('decode-0'), head)
  })

  it('becomes 1P2D by one process for another; the stopped one has left discovery', async () => {
    const head = pidOf('decode-0')
    const { started, stopped } = await become(disaggregated(1, 2))
    assert.deepEqual({ started, stopped }, { started: ['decode-1'], stopped: ['prefill-1'] })
    assert.equal(pidOf('decode-0'), head)
    assert.deepEqual(await check(), [])
    assert.deepEqual(await traces(), ['prefill:1 worker:256 gpus:0,1,2,3', 'prefill:1 worker:256 gpus:8,9,10,11'])
  })

  it('a variant that says the same restarts nothing', async () => {
    const { started, stopped } = await become(disaggregated(1, 2), {}, 'commented')
    assert.deepEqual({ started, stopped }, { started: [], stopped: [] })
  })

  it('a variant of the frontend restarts the head alone: Dynamo 0.3.1 has no frontend without its worker', async () => {
    const [prefill, second] = [pidOf('prefill-0'), pidOf('decode-1')]
    const { started, stopped } = await become(disaggregated(1, 2), {}, 'frontend')
    assert.deepEqual({ started, stopped }, { started: ['decode-0'], stopped: ['decode-0'] })
    assert.deepEqual([pidOf('prefill-0'), pidOf('decode-1')], [prefill, second])
    const head = pidOf('decode-0')
    const services = (await allProcesses()).filter(({ parent }) => parent === head)
    const told = await Promise.all(services.map(({ pid }) => environmentValue(pid, 'DYNAMO_SERVICE_CONFIG')))
    assert.ok(told.some(text => text?.includes('"router": "kv"')))
    assert.deepEqual(await traces(), ['prefill:1 worker:256 gpus:0,1,2,3', 'prefill:1 worker:256 gpus:8,9,10,11'])
  })

  it('a variant of the prefill workers restarts them alone, once the head is back', async () => {
    await become(disaggregated(1, 2))
    const heads = [pidOf('decode-0'), pidOf('decode-1')]
    const { started, stopped } = await become(disaggregated(1, 2), {}, 'prefill')
    assert.deepEqual({ started, stopped }, { started: ['prefill-0'], stopped: ['prefill-0'] })
    assert.deepEqual([pidOf('decode-0'), pidOf('decode-1')], heads)
  })

  it('another variable restarts every process, and NATS and etcd stay', async () => {
    const { started } = await become(disaggregated(1, 2), {}, 'environment')
    assert.deepEqual(started, ['decode-0', 'decode-1', 'prefill-0'])
    assert.equal(await environmentValue(pidOf('prefill-0'), 'TLLM_LOG_LEVEL'), 'INFO')
    await become(disaggregated(1, 2))
  })

  it('shows the batch, the queue and the KV cache of workers that publish them by NATS', async () => {
    await become(disaggregated(1, 2), { decode: { max_batch_size: 1 } }, 'publishing')
    const { metricsUrls } = real.endpoint
    assert.deepEqual(Object.keys(metricsUrls).sort(), ['decode-0', 'decode-1', 'frontend', 'prefill-0'])
    const read = async (source: string): Promise<{ readonly [metric: string]: number }> => {
      const page = await readPage(metricsUrls[source] ?? '', real.endpoint)
      assert.ok('text' in page, JSON.stringify(page))
      const { samples } = parseExposition(page.text)
      const told = samples.map(({ name, labels: { endpoint }, value }) => [[name, endpoint].join(' ').trim(), value])
      return Object.fromEntries(told)
    }
    const decode = () => Promise.all(['decode-0', 'decode-1'].map(read))
    const sum = (pages: Awaited<ReturnType<typeof decode>>, metric: string) =>
      pages.reduce((all, page) => all + (page[metric] ?? 0), 0)
    const [running, waiting] = ['request_active_slots', 'num_requests_waiting'].map(
      name => `dynamo_load_metrics_${name}`,
    ) as [string, string]
    await until(async () => (await decode()).every(page => page[waiting] === 0))
    const before = await decode()
    const answers = Promise.all(Array.from({ length: 8 }, () => trace(50)))
    // Requests go to workers at random: at least one of the two has four of them, and one slot.
    await until(async () => {
      const queued = (await decode()).find(page => (page[waiting] ?? 0) > 0 && page[running] === 1)
      if (queued === undefined) return false
      const about = ['request_total_slots', 'kv_cache_usage_perc']
      assert.deepEqual(
        about.map(name => queued[`dynamo_load_metrics_${name}`]),
        [1, 0.25],
      )
      return true
    })
    await answers
    await until(async () => sum(await decode(), waiting) === 0)
    const requests = 'dynamo_nats_requests_total generate'
    assert.equal(sum(await decode(), requests) - sum(before, requests), 8)
    // NVIDIA's prefill workers of 0.3.1 publish nothing: what they hold is not known.
    const prefill = Object.keys(await read('prefill-0'))
    assert.ok(prefill.includes(requests))
    assert.deepEqual(
      prefill.filter(name => name.startsWith('dynamo_load_metrics_')),
      [],
    )
    await become(disaggregated(1, 2))
  })

  it('restarts the prefill worker alone for other settings of prefill', async () => {
    const { started, stopped } = await become(disaggregated(1, 2), { prefill: { max_batch_size: 2 } })
    assert.deepEqual({ started, stopped }, { started: ['prefill-0'], stopped: ['prefill-0'] })
    assert.match(await trace(), /^prefill:2 worker:256 /)
  })

  it('notices a service that ended inside its `dynamo serve`, which starts it again only when asked', async () => {
    const supervisor = pidOf('decode-1')
    const service = (await allProcesses()).find(({ parent }) => parent === supervisor)?.pid ?? assert.fail('no service')
    process.kill(service, 'SIGKILL')
    let problems: readonly string[] = []
    await until(async () => {
      problems = await check()
      return problems.length > 0
    })
    assert.match(problems.join('\n'), /^decode-1 \(process \d+\) is running, but one of its services has ended/)
    const { started, stopped } = await become(disaggregated(1, 2), { prefill: { max_batch_size: 2 } })
    assert.deepEqual({ started, stopped }, { started: ['decode-1'], stopped: ['decode-1'] })
  })

  it('fails by the name and log of a service that ends at its start, long before the deadline', async () => {
    const failing = become(disaggregated(1, 2), { prefill: { max_batch_size: 0 } })
    await assert.rejects(
      failing,
      /^FulcrumError: prefill-0 .* is running, but one of its services has ended[\s\S]*max_batch_size is 0/,
    )
  })

  it('becomes aggregated with a head of its own', async () => {
    const { started, stopped } = await become(aggregated(2), { aggregated: { max_batch_size: 64 } })
    assert.deepEqual(started, ['aggregated-0', 'aggregated-1'])
    assert.deepEqual(stopped, ['decode-0', 'decode-1', 'prefill-0'])
    assert.deepEqual(await traces(), ['worker:64 gpus:0,1,2,3', 'worker:64 gpus:4,5,6,7'])
  })

  it('leaves the user’s files as they were, and nothing running', async () => {
    const engine = await readFile(join(workdir, 'configs/deepseek_r1/agg_llm_api_config.yaml'), 'utf8')
    assert.match(engine, /max_batch_size: 256 # per worker/)
    assert.ok((await marked()).length >= 7)
    await real.deployer.close()
    assert.deepEqual(await marked(), [])
  })
})
