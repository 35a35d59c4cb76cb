import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { execa } from 'execa'
import { attachDeployer } from '../../src/deployers/attach/attach.ts'
import { checkEndpoint } from '../../src/deployers/attach/doctor.ts'
import { dynamoDeployer } from '../../src/deployers/dynamo/dynamo.ts'
import { probe } from '../../src/generators/probe.ts'
import { groupMembers } from '../../src/process/proc.ts'
import { aggregated, deployment, disaggregated, dynamoVersions, mocker, model, watch } from './dynamo-deployment.ts'
import { oneDeployment } from './one-deployment.ts'

for (const { version, python } of dynamoVersions)
  describe(`a real deployment of Dynamo ${version}`, () => {
    const real = oneDeployment(place => dynamoDeployer({ ...mocker, python }, place))
    const { become, check, pidOf } = real

    const infrastructure = async (name: string): Promise<number> => {
      const content = JSON.parse(await readFile(join(real.folder, 'ledger', `${real.ledger.id}.json`), 'utf8'))
      return content.processes.find((entry: { name: string }) => entry.name === name).pid
    }
    const ask = () => probe(real.endpoint, { signal: AbortSignal.timeout(20_000), timeoutMs: 20_000, streaming: true })
    /** Kills a process and waits until the deployer tells how it ended. */
    async function problemsAfterKilling(pid: number): Promise<string> {
      process.kill(pid, 'SIGKILL')
      for (let i = 0; i < 2400; i++) {
        const problems = (await check()).join('\n')
        if (problems.includes('SIGKILL')) return problems
        await new Promise(resolve => setTimeout(resolve, 25))
      }
      return assert.fail('nothing was noticed')
    }
    const requestsOf = async (source: string): Promise<number> => {
      const text = await (await fetch(real.endpoint.metricsUrls[source] ?? '')).text()
      return Number(/^dynamo_component_requests_total\{.*dynamo_endpoint="generate".*\} (\d+)/m.exec(text)?.[1] ?? 0)
    }

    it('comes up as 1P1D and has answered', async () => {
      const { started, workersStarted } = await become(disaggregated(1, 1))
      assert.deepEqual(started, ['decode-0', 'frontend', 'prefill-0'])
      assert.equal(workersStarted, 2)
      assert.equal((await ask()).outputTokens, 16)
      assert.deepEqual(await check(), [])
      assert.deepEqual(Object.keys(real.endpoint.metricsUrls).sort(), ['decode-0', 'frontend', 'prefill-0'])
      assert.ok((await requestsOf('prefill-0')) > 0)
    })

    it('listens on loopback only', async () => {
      const groups = [...real.pids(), await infrastructure('nats'), await infrastructure('etcd')]
      const ours = (await Promise.all(groups.map(groupMembers))).flat()
      const { stdout } = await execa('ss', ['-ltnpH'])
      const rows = stdout.split('\n').filter(row => ours.some(pid => row.includes(`pid=${pid},`)))
      assert.ok(rows.length >= 5, stdout)
      const outward = rows.filter(row => !/^LISTEN\s+\d+\s+\d+\s+(127\.0\.0\.1|\[::1\]):/.test(row))
      assert.deepEqual(outward, [])
    })

    it('grows to 2P1D by one worker, the others untouched, and uses it', async () => {
      const { started, stopped } = await become(disaggregated(2, 1))
      assert.deepEqual([started, stopped], [['prefill-1'], []])
      for (let i = 0; i < 4; i++) await ask()
      assert.ok((await requestsOf('prefill-1')) >= 2)
    })

    it('turns into 1P2D by one worker of each role', async () => {
      const { started, stopped } = await become(disaggregated(1, 2))
      assert.deepEqual([started, stopped], [['decode-1'], ['prefill-1']])
      assert.deepEqual(await groupMembers(pidOf('prefill-1')), [])
    })

    it('restarts only the role whose engine setting changed', async () => {
      const { started, stopped } = await become(disaggregated(1, 2), { decode: { max_num_seqs: 64 } })
      assert.deepEqual(
        [started, stopped],
        [
          ['decode-0', 'decode-1'],
          ['decode-0', 'decode-1'],
        ],
      )
    })

    it('turns into two aggregated workers behind the same frontend', async () => {
      const { started, workersStopped } = await become(aggregated(2))
      assert.deepEqual(started, ['aggregated-0', 'aggregated-1'])
      assert.equal(workersStopped, 3)
      assert.deepEqual(await check(), [])
    })

    it('names a killed worker with its end, and replaces just that one', async () => {
      assert.match(
        await problemsAfterKilling(pidOf('aggregated-1')),
        /^aggregated-1 \(process \d+\) was killed by SIGKILL\n {2}aggregated-1: /,
      )
      const { started, workersStopped } = await become(aggregated(2))
      assert.deepEqual([started, workersStopped], [['aggregated-1'], 1])
      assert.deepEqual(await check(), [])
    })

    it('has a killed frontend again, with the workers that still run', async () => {
      assert.match(await problemsAfterKilling(pidOf('frontend')), /^frontend .*SIGKILL/)
      const { started, stopped } = await become(aggregated(2))
      assert.deepEqual([started, stopped], [['frontend'], []])
    })

    it('has a killed NATS again, and keeps its workers', async () => {
      assert.match(await problemsAfterKilling(await infrastructure('nats')), /nats .*SIGKILL/)
      const { started } = await become(aggregated(2))
      assert.deepEqual(started, [])
      assert.deepEqual(await check(), [])
    })

    it('is started anew when etcd was killed, because discovery is lost', async () => {
      assert.match(await problemsAfterKilling(await infrastructure('etcd')), /etcd .*SIGKILL/)
      const { started } = await become(aggregated(2))
      assert.deepEqual(started, ['aggregated-0', 'aggregated-1', 'frontend'])
      assert.deepEqual(await check(), [])
    })

    it('stops waiting when interrupted, and comes up at the next try', async () => {
      const interruption = new AbortController()
      const context = watch(interruption.signal)
      const interrupted = real.deployer.reconcile(deployment(disaggregated(1, 1)), {
        ...context,
        onEvent: event => {
          if (event.kind === 'start') interruption.abort(new Error('enough'))
        },
      })
      await assert.rejects(interrupted, /enough/)
      assert.notDeepEqual(await check(), [])
      await become(disaggregated(1, 1))
      assert.deepEqual(await check(), [])
    })

    it('can be attached to, as the one topology that it is', async () => {
      const attached = attachDeployer({ url: real.endpoint.url, gpus: 8, dialect: 'dynamo-1' }, model.name)
      const context = watch(AbortSignal.timeout(30_000))
      const { endpoint: seen } = await attached.reconcile(deployment(disaggregated(1, 1)), context)
      assert.equal(seen.url, real.endpoint.url)
      assert.deepEqual(await attached.check(context.signal), [])
      await assert.rejects(attached.reconcile(deployment(disaggregated(2, 1)), context), {
        code: 'attached-endpoint-is-fixed',
      })
    })

    it('passes the doctor, which tells a wrong model name from a right one', async () => {
      const config = { url: real.endpoint.url, gpus: 8, dialect: 'dynamo-1' } as const
      const failed = async (name: string) => (await checkEndpoint(config, name)).filter(c => !c.ok).map(c => c.name)
      assert.deepEqual(await failed(model.name), [])
      assert.deepEqual(await failed('no/such-model'), ['model', 'completion, streamed', 'completion'])
    })

    it('leaves nothing behind when closed', async () => {
      const groups = [...real.pids(), await infrastructure('nats'), await infrastructure('etcd')]
      await real.deployer.close()
      await real.deployer.close()
      assert.deepEqual((await Promise.all(groups.map(groupMembers))).flat(), [])
      assert.deepEqual(await check(), ['nothing is deployed'])
      real.ledger.close()
      assert.deepEqual(await readdir(join(real.folder, 'ledger')), [])
    })
  })
