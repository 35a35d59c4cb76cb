// Test part: process

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, mock, test } from 'node:test'
import { resumeRun } from '../../src/commands/resume.ts'
import { runSweepFile } from '../../src/commands/run.ts'
import { createRun } from '../../src/journal/index.ts'
import { planSweep } from '../../src/plan/plan.ts'
import { loadSweep } from '../../src/spec/load-sweep.ts'
import { scratch } from '../journal/journal-on-disk.ts'

const sweepText = `name: half-done
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated, profile: deepseek-r1-fp4-gb200 }
topologies: [1P1D, 2P1D]
workloads: [1000/100]
load: { concurrency: [1, 2, 3, 4], requests: 10x }
`

/** Files of a run whose first points are measured. */
async function halfDone(folder: string, measured: number) {
  const file = join(folder, 'sweep.yaml')
  await writeFile(file, sweepText)
  const sweep = await loadSweep(file)
  const { deployments, pointCount, cost, lowerBound, exact } = planSweep(sweep)
  await using run = await createRun(join(folder, 'results'), {
    sweep,
    command: ['fulcrum', 'run', file],
    files: sweep.fingerprints,
    plan: {
      points: pointCount,
      deployments: deployments.length,
      workersStarted: cost.workersStarted,
      lowerBound,
      exact,
    },
  })
  const points = deployments.flatMap(planned => planned.points)
  for (const point of points.slice(0, measured)) {
    const result = { point, status: 'failed', reason: 'it was slow', findings: [], measurement: null } as const
    await run.journal.append({ type: 'point', result, elapsedS: 1 })
  }
  return { file, folder: run.folder, resultsRoot: join(folder, 'results') }
}

describe('until its first deployment, a run that goes on decodes each line of its journal once', () => {
  type Files = Awaited<ReturnType<typeof halfDone>>
  type Watch = Pick<Parameters<typeof resumeRun>[0], 'signal' | 'onProgress'>
  const ways: { readonly [command: string]: (files: Files, watch: Watch) => Promise<unknown> } = {
    'resume FOLDER': ({ folder, resultsRoot }, watch) => resumeRun({ folder, resultsRoot, ...watch }),
    resume: ({ resultsRoot }, watch) => resumeRun({ resultsRoot, ...watch }),
    'run FILE': ({ file, resultsRoot }, watch) => runSweepFile({ file, resultsRoot, startNew: false, ...watch }),
  }
  for (const [command, goOn] of Object.entries(ways))
    test(command, async () => {
      await using folder = await scratch()
      const files = await halfDone(folder.path, 5)
      const stop = new AbortController()
      const parse = mock.method(JSON, 'parse')
      let decoded: number | null = null
      const onProgress: Watch['onProgress'] = ({ step }) => {
        if (step !== 'deploying') return
        decoded ??= parse.mock.calls.filter(({ arguments: [text] }) => text.startsWith('{"seq":')).length
        stop.abort(new Error('seen enough'))
      }
      try {
        await goOn(files, { signal: stop.signal, onProgress })
      } finally {
        parse.mock.restore()
      }
      assert.equal(decoded, 5)
    })
})
