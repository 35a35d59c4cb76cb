// Test part: process

import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readRun } from '../../src/journal/index.ts'
import { FulcrumError, topologyLabel } from '../../src/model/index.ts'
import type { RunProgress } from '../../src/runner/run.ts'
import { scratchRun } from './run-in-scratch.ts'
import { measurementOf, scriptedDeployer, scriptedGenerator, smallPlan, untilAborted } from './small-system.ts'

const plan = smallPlan([1, 2, 4])
const ids = plan.deployments.flatMap(({ points }) => points.map(point => point.id))

describe('a run', () => {
  test('measures every point once, deployment by deployment, and ends complete', async () => {
    await using run = await scratchRun(plan)
    const deployer = scriptedDeployer()
    const outcome = await run.attempt({ deployer })
    assert.equal(outcome.outcome, 'complete')
    assert.equal(outcome.exitCode, 0)
    assert.deepEqual(outcome.points, { planned: 9, ok: 9, invalid: 0, failed: 0, missing: 0, skipped: 0 })
    assert.deepEqual(
      (await run.points()).map(event => event.result.point.id),
      ids,
    )
    assert.deepEqual(
      deployer.wanted.map(wanted => topologyLabel(wanted.topology)),
      ['agg x2', '1P1D', '2P1D'],
    )
    assert.equal((await readRun(run.folder)).ended?.outcome, 'complete')
  })

  test('measures nothing again when it is complete, and starts nothing for it', async () => {
    await using run = await scratchRun(plan)
    await run.attempt()
    const [deployer, generator] = [scriptedDeployer(), scriptedGenerator()]
    const outcome = await run.attempt({ deployer, generator })
    assert.deepEqual([deployer.wanted, generator.asked, outcome.measured, outcome.exitCode], [[], [], 0, 0])
  })

  test('deploys nothing if its generator lacks something, and says what', async () => {
    await using run = await scratchRun(plan)
    const deployer = scriptedDeployer()
    const prepare = async () => {
      throw new FulcrumError('environment', 'generator-missing', 'aiperf was not found on PATH', {
        remedy: 'install it',
      })
    }
    const outcome = await run.attempt({ deployer, generator: { ...scriptedGenerator(), prepare } })
    assert.deepEqual([deployer.wanted, outcome.outcome, outcome.exitCode], [[], 'failed', 3])
    assert.match(outcome.reason, /aiperf was not found on PATH/)
  })

  test('stops its generator and its deployment', async () => {
    await using run = await scratchRun(plan)
    const [deployer, generator] = [scriptedDeployer(), scriptedGenerator()]
    await run.attempt({ deployer, generator })
    assert.deepEqual([deployer.closed(), generator.closed()], [1, 1])
  })

  test('ends all the same when something can’t be stopped, and notes it', async () => {
    await using run = await scratchRun(plan)
    const deployer = scriptedDeployer({ close: () => Promise.reject(new Error('stuck')) })
    const outcome = await run.attempt({ deployer })
    assert.equal(outcome.outcome, 'complete')
    assert.ok(
      (await run.events()).some(
        event => event.type === 'note' && /deployment could not be stopped: stuck/.test(event.message),
      ),
    )
  })

  test('tells how far it is and how long it will take', async () => {
    await using run = await scratchRun(plan)
    let ms = 0
    const told: RunProgress[] = []
    const generator = scriptedGenerator(point => {
      ms += 10_000
      return measurementOf(point)
    })
    await run.attempt({ generator, clockMs: () => ms, onProgress: progress => told.push(progress) })
    const measured = told.filter(progress => progress.step === 'measured')
    assert.deepEqual(
      measured.map(progress => progress.points.done),
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
    )
    assert.deepEqual(
      measured.map(progress => progress.secondsLeft),
      [80, 70, 60, 50, 40, 30, 20, 10, 0],
    )
    assert.deepEqual(measured[4]?.deployment?.position, 2)
    assert.equal(told[0]?.secondsLeft, null)
  })
})

describe('a point', () => {
  test('is invalid when something is found against its measurement, and the exit code says so', async () => {
    await using run = await scratchRun(plan)
    const outcome = await run.attempt({
      judge: point =>
        point.id === ids[1] ? [{ severity: 'invalid', code: 'error-share', message: '12 % of requests failed' }] : [],
    })
    assert.equal(outcome.exitCode, 1)
    const result = (await run.points())[1]?.result
    assert.deepEqual([result?.status, result?.reason], ['invalid', '12 % of requests failed'])
    assert.equal(outcome.points.ok, 8)
  })

  test('stays good with a warning', async () => {
    await using run = await scratchRun(plan)
    const outcome = await run.attempt({ judge: () => [{ severity: 'warning', code: 'few-samples', message: 'few' }] })
    const first = (await run.points())[0]?.result
    assert.deepEqual([outcome.exitCode, first?.status, first?.reason, first?.findings.length], [0, 'ok', '', 1])
  })

  test('fails when the generator can’t measure it, and the next one is measured', async () => {
    await using run = await scratchRun(plan)
    const generator = scriptedGenerator(point => {
      if (point.id === ids[0]) throw new FulcrumError('failed', 'no-answer', 'Nothing came back', { remedy: 'Look.' })
      return measurementOf(point)
    })
    const outcome = await run.attempt({ generator })
    const result = (await run.points())[0]?.result
    assert.deepEqual(
      [result?.status, result?.reason, result?.measurement],
      ['failed', 'Nothing came back. Look.', null],
    )
    assert.deepEqual([outcome.points.failed, outcome.points.ok, outcome.exitCode], [1, 8, 1])
  })

  test('fails when it takes longer than its deadline', async () => {
    await using run = await scratchRun(plan)
    const generator = scriptedGenerator((point, { signal }) =>
      point.id === ids[2] ? untilAborted(signal) : measurementOf(point),
    )
    await run.attempt({ generator, pointDeadlineMs: () => 40 })
    const result = (await run.points())[2]?.result
    assert.equal(result?.status, 'failed')
    assert.match(result?.reason ?? '', /timed out after/)
  })
})

describe('a worker that dies during a point', () => {
  /** A deployment that breaks under the given measurements (counted from 0). */
  function breaking(...under: number[]) {
    let broken = false
    let count = 0
    const deployer = scriptedDeployer({
      reconcile: () => {
        broken = false
      },
      check: () => (broken ? ['decode-1 (process 77) is gone'] : []),
      logs: () => ({ 'decode-1': ['CUDA out of memory', 'token hf_abcdefghijkl'] }),
    })
    const generator = scriptedGenerator(point => {
      broken = under.includes(count++)
      return measurementOf(point)
    })
    return { deployer, generator }
  }

  test('makes the point invalid by name; the deployment is repaired and the point measured once more', async () => {
    await using run = await scratchRun(plan)
    const dependencies = breaking(1)
    const outcome = await run.attempt(dependencies)
    const points = await run.points()
    assert.deepEqual(
      points.slice(0, 4).map(event => [event.result.point.id, event.result.status]),
      [
        [ids[0], 'ok'],
        [ids[1], 'invalid'],
        [ids[1], 'ok'],
        [ids[2], 'ok'],
      ],
    )
    assert.match(points[1]?.result.reason ?? '', /decode-1 \(process 77\) is gone/)
    assert.equal(dependencies.deployer.wanted.length, 4)
    assert.deepEqual([outcome.points.ok, outcome.measured, outcome.exitCode], [9, 10, 0])
  })

  test('leaves the last lines of the workers’ logs beside the point, without secrets', async () => {
    await using run = await scratchRun(plan)
    await run.attempt(breaking(1))
    const folder = join(run.folder, 'points', ids[1] ?? '', 'logs')
    assert.deepEqual(await readdir(folder), ['decode-1.log'])
    assert.equal(await readFile(join(folder, 'decode-1.log'), 'utf8'), 'CUDA out of memory\ntoken hf_<redacted>\n')
  })

  test('twice in the same point leaves it invalid, and the sweep goes on', async () => {
    await using run = await scratchRun(plan)
    const outcome = await run.attempt(breaking(1, 2))
    assert.deepEqual(outcome.points, { planned: 9, ok: 8, invalid: 1, failed: 0, missing: 0, skipped: 0 })
    assert.equal(outcome.exitCode, 1)
  })

  test('again and again fails the deployment’s other points, and the next deployment is measured', async () => {
    await using run = await scratchRun(plan)
    const outcome = await run.attempt(breaking(0, 1, 2, 3))
    assert.deepEqual(outcome.points, { planned: 9, ok: 6, invalid: 1, failed: 2, missing: 0, skipped: 0 })
    const failed = (await run.points()).find(event => event.result.status === 'failed')
    assert.match(failed?.result.reason ?? '', /broke 3 times in a row.*decode-1/)
  })

  test('is measured again also when Fulcrum was killed before it could be', async () => {
    await using run = await scratchRun(plan)
    const stop = new AbortController()
    const first = breaking(1)
    await run.attempt({
      ...first,
      signal: stop.signal,
      onProgress: progress => {
        if (progress.step === 'measured' && progress.result.status === 'invalid') stop.abort()
      },
    })
    assert.equal((await run.points()).length, 2)
    const { generator } = breaking()
    await run.attempt({ generator })
    assert.deepEqual(
      generator.asked.map(point => point.id),
      ids.slice(1),
    )
  })
})

describe('a deployment that does not come up', () => {
  const fault = (kind: FulcrumError['kind']) => new FulcrumError(kind, 'worker-not-ready', 'decode-0 is not ready')

  test('is tried once more', async () => {
    await using run = await scratchRun(plan)
    let tries = 0
    const deployer = scriptedDeployer({
      reconcile: () => {
        if (tries++ === 0) throw fault('failed')
      },
    })
    const outcome = await run.attempt({ deployer })
    assert.deepEqual([deployer.wanted.length, outcome.points.ok], [4, 9])
    assert.ok(
      (await run.events()).some(event => event.type === 'note' && /retrying once: decode-0/.test(event.message)),
    )
  })

  test('fails its points with the reason, and the sweep goes on with the next', async () => {
    await using run = await scratchRun(plan)
    const deployer = scriptedDeployer({
      reconcile: wanted => {
        if (topologyLabel(wanted.topology) === '1P1D') throw fault('failed')
      },
    })
    const outcome = await run.attempt({ deployer })
    assert.deepEqual(outcome.points, { planned: 9, ok: 6, invalid: 0, failed: 3, missing: 0, skipped: 0 })
    assert.deepEqual(
      (await run.events()).flatMap(event => (event.type === 'deployment' ? [`${event.label} ${event.outcome}`] : [])),
      ['agg x2 ready', '1P1D failed', '2P1D ready'],
    )
    assert.equal(outcome.exitCode, 1)
  })

  test('ends the run when the environment is at fault, with its points left to a later attempt', async () => {
    await using run = await scratchRun(plan)
    const deployer = scriptedDeployer({
      reconcile: wanted => {
        if (topologyLabel(wanted.topology) === '1P1D') throw fault('environment')
      },
    })
    const outcome = await run.attempt({ deployer })
    assert.deepEqual([outcome.outcome, outcome.exitCode, outcome.error?.code], ['failed', 3, 'worker-not-ready'])
    assert.deepEqual([outcome.points.missing, deployer.closed()], [6, 1])
    assert.equal((await run.attempt()).points.ok, 9)
  })
})

describe('a run that is interrupted', () => {
  test('drops the point in flight, stops everything, and goes on where it ended', async () => {
    await using run = await scratchRun(plan)
    const stop = new AbortController()
    const deployer = scriptedDeployer()
    const generator = scriptedGenerator((point, { signal }) => {
      if (point.id !== ids[4]) return measurementOf(point)
      stop.abort(new Error('interrupted by SIGINT'))
      return untilAborted(signal)
    })
    const outcome = await run.attempt({ deployer, generator, signal: stop.signal })
    assert.deepEqual([outcome.outcome, outcome.exitCode, outcome.reason], ['interrupted', 130, 'interrupted by SIGINT'])
    assert.deepEqual([deployer.closed(), generator.closed(), outcome.points.missing], [1, 1, 5])
    assert.equal((await readRun(run.folder)).ended?.outcome, 'interrupted')
    const rest = scriptedGenerator()
    await run.attempt({ generator: rest })
    assert.deepEqual(
      rest.asked.map(point => point.id),
      ids.slice(4),
    )
  })

  test('drops a point that was finished after the interruption', async () => {
    await using run = await scratchRun(plan)
    const stop = new AbortController()
    const generator = scriptedGenerator(point => {
      stop.abort()
      return measurementOf(point)
    })
    const outcome = await run.attempt({ generator, signal: stop.signal })
    assert.deepEqual([outcome.points.missing, outcome.outcome], [9, 'interrupted'])
  })

  test('before it began measures nothing', async () => {
    await using run = await scratchRun(plan)
    const deployer = scriptedDeployer()
    const outcome = await run.attempt({ deployer, signal: AbortSignal.abort(new Error('stop')) })
    assert.deepEqual([outcome.exitCode, deployer.wanted], [130, []])
  })
})

describe('a budget', () => {
  test('of points ends the run when that many are measured; a later attempt gets as many again', async () => {
    const limited = smallPlan([1, 2, 4], { points: 5 })
    await using run = await scratchRun(limited)
    const outcome = await run.attempt()
    assert.deepEqual([outcome.outcome, outcome.measured, outcome.points.missing, outcome.exitCode], ['budget', 5, 4, 0])
    assert.equal((await run.attempt()).outcome, 'complete')
  })

  test('of hours lets the point that has begun finish', async () => {
    const limited = smallPlan([1, 2, 4], { hours: 1 })
    await using run = await scratchRun(limited)
    let ms = 0
    const generator = scriptedGenerator(point => {
      ms += 25 * 60_000
      return measurementOf(point)
    })
    const outcome = await run.attempt({ generator, clockMs: () => ms })
    assert.deepEqual([outcome.outcome, outcome.measured], ['budget', 3])
    assert.match(outcome.reason, /1 h is used up/)
  })
})
