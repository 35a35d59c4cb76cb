// Test part: unit

import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { counted } from '../../src/model/index.ts'

const nouns =
  'points|runs|requests|GPUs|workers|files|repeats|deployments|turns|sessions|answers|processes|hosts|nodes|lines|rows|errors|shards|measurements|questions|replicas|connections|times|threads|pages|words|samples|prompts|blocks|labels|days|series|nights|changes|figures'

/** A value that is written into a text, directly before a plural. */
const beforePlural = new RegExp(`\\$\\{([^{}]+)\\} (${nouns})\\b(?!/)`, 'g')

/** Values that are names or verbs' subjects, or a function's text: no counts. */
const noCount =
  /\(|role|word|title|worker|serving|service|name|what|config\.url|way\.path|\burl\b|quoted|shares?$|given|others/i

/** Counts that are never 1, by file and value, with the reason. */
const neverOne: Readonly<Record<string, string>> = {
  'spec/checks/nodes.ts nodes': 'several nodes by the branch before',
  'spec/parse-sweep.ts points': 'above a limit of many',
  'site/upload.ts limits.files': 'a limit of several',
  'site/pages/runs.ts older.length + 1': 'older ones by the branch before',
  'runner/visit.ts breaks': 'several in a row',
  'render/views/comparison-words.ts noiseRuns': 'noise between runs needs two',
  'render/html/comparison-page.ts rows.length': 'more rows than are shown',
  'render/html/overlay-page.ts rows.length': 'more rows than are shown',
  'render/html/sections/shards.ts shards.length': 'one shard is not split',
  'render/html/sections/tables.ts count': 'more rows than are shown',
  'render/html/sections/validity.ts results.length': 'one by the branch before',
  'render/html/sections/workload.ts deployments': 'more than the charts show',
  'metrics/validity/gpus.ts to': 'a role',
  'generators/aiperf/result.ts of': 'a text',
  'deployers/nodes/placement.ts size.nodes': 'several nodes by the branch before',
  'deployers/kubernetes/design.ts gpus': 'one GPU is shared by no two pods',
  'deployers/kubernetes/doctor.ts cluster.server': 'a URL, which answers',
  'deployers/kubernetes/rules.ts nodes': 'several nodes by the branch before',
  'deployers/discovery.ts length': 'twice by the branch before',
  'deployers/dynamo/index.ts spread': 'a role',
  'commands/overlay.ts runs.length': 'more than three sweeps',
  'commands/own-sweep.ts usual': 'the profile’s 4 GPUs',
  'analysis/verify/held.ts wanted': 'one more than there are',
  'analysis/tune/neighbours.ts point.gpus': 'a disaggregated topology has two workers',
  'analysis/overlay/overlay.ts mostRuns': 'a limit of several',
  'analysis/history/gate.ts trends.length': 'series is its own plural',
  'analysis/capacity/candidate.ts mostReplicas': 'a limit of several',
}

describe('counts in texts', () => {
  it('have the singular for one thing', async () => {
    const found: string[] = []
    for await (const file of glob('src/**/*.ts', { cwd: join(import.meta.dirname, '../..') })) {
      const text = await readFile(join(import.meta.dirname, '../..', file), 'utf8')
      for (const [index, line] of text.split('\n').entries()) {
        if (/^\s*(\/\/|\*)/.test(line) || /=== 1\b/.test(line)) continue
        for (const [shown, value = ''] of line.matchAll(beforePlural))
          if (!noCount.test(value) && !Object.hasOwn(neverOne, `${file.slice(4)} ${value}`))
            found.push(`${file}:${index + 1}: ${shown}`)
      }
    }
    assert.deepEqual(found, [], 'write counted(number, noun)')
  })

  it('are written with their noun and thousands separators', () => {
    assert.deepEqual(
      [0, 1, 2, 1234].map(number => counted(number, 'run')),
      ['0 runs', '1 run', '2 runs', '1,234 runs'],
    )
    fc.assert(fc.property(fc.nat(), number => assert.equal(/s$/.test(counted(number, 'run')), number !== 1)))
  })
})
