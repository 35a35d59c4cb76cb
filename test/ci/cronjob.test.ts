// Test part: process

import assert from 'node:assert/strict'
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { execa } from 'execa'
import { parse } from 'yaml'
import { z } from 'zod'
import { type MockServer, startMock } from '../mock-server/start.ts'
import { programs, root, runsIn, smallSweep, writeAll } from './scratch.ts'

const container = z.object({ command: z.tuple([z.literal('sh'), z.literal('-c')]), args: z.tuple([z.string()]) })

describe('the CronJob for Kubernetes, its command run night after night', { timeout: 300_000 }, () => {
  let folder = ''
  let script = ''
  let server: MockServer
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-cronjob-'))
    server = await startMock({ ttftMs: 5, itlMs: 4 })
    const job = parse(await readFile(join(root, 'docs/ci/kubernetes-cronjob.yaml'), 'utf8'))
    const [command] = container.parse(job.spec.jobTemplate.spec.template.spec.containers[0]).args
    // The two mounts of the pod.
    script = command.replaceAll('/sweep/', `${folder}/sweep/`).replaceAll('/results', `${folder}/results`)
    await writeAll(folder, { 'sweep/nightly.yaml': smallSweep(server.url) })
    await programs(join(folder, 'bin'), { fulcrum: `#!/bin/sh\nexec ${join(root, 'bin/fulcrum')} "$@"\n` })
  })
  after(async () => {
    await server?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  const night = () =>
    execa('sh', ['-c', script], {
      ...{ cwd: '/', reject: false, all: true, timeout: 120_000, stdin: 'ignore' },
      env: {
        PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
        HOME: folder,
        FULCRUM_STATE_DIR: join(folder, 'state'),
      },
    })
  const baseline = () => readFile(join(folder, 'results/nightly/baseline.json'), 'utf8')

  test('makes the first good night the baseline, and keeps it', async () => {
    const first = await night()
    assert.equal(first.exitCode, 0, first.all)
    const before = await baseline()
    assert.equal((await night()).exitCode, 0)
    assert.equal(await baseline(), before)
    assert.equal((await runsIn(join(folder, 'results'))).length, 2)
    await access(join(folder, 'results/history/history.html'))
  })

  test('ends with the exit code of the sweep, and writes the history all the same', async () => {
    await rm(join(folder, 'results/history'), { recursive: true })
    await server.configure({ promptTokens: 7 })
    const { exitCode, all } = await night()
    assert.equal(exitCode, 1, all)
    await access(join(folder, 'results/history/history.html'))
  })

  test('never makes a night with invalid points the baseline', async () => {
    await rm(join(folder, 'results'), { recursive: true })
    assert.equal((await night()).exitCode, 1)
    await assert.rejects(baseline())
  })

  test('refuses a sweep that it cannot read, with exit code 2', async () => {
    await writeFile(join(folder, 'sweep/nightly.yaml'), 'name: nightly\n')
    assert.equal((await night()).exitCode, 2)
  })
})
