import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { planSweep } from '../../src/plan/plan.ts'
import { filesOf, read, sweepText } from './sweep-text.ts'

const files = filesOf({ '/sweeps/venv/bin/aiperf': 'program', '/data/rows.jsonl': 'rows', '/sweeps/kube.yaml': 'kube' })

/** As a sweep file writes `generator` and `load`; every key of a generator at least once. */
const written: { readonly [generator: string]: readonly (readonly [generator: string, load?: string])[] } = {
  'built-in': [
    [''],
    ['built-in'],
    ['{ name: built-in, shards: 2 }'],
    ['{ name: built-in, shards: { count: 2, job: { image: i, kubeconfig: ./kube.yaml } } }'],
    ['', '{ request_rate: 4, arrivals: { gamma: { burstiness: 0.5 } }, seed: 9 }'],
  ],
  'genai-perf': [
    ['genai-perf'],
    ['{ name: genai-perf, command: ./venv/bin/aiperf, args: [--verbose, --input-file=/data/rows.jsonl] }'],
    ['genai-perf', '{ concurrency: 4, prompts: same }'],
  ],
  aiperf: [
    ['aiperf'],
    ['{ name: aiperf, args: [--input-file, /data/rows.jsonl, /data/absent.jsonl, plain] }'],
    ['{ name: aiperf, command: aiperf }', '{ request_rate: 4, arrivals: { gamma: { burstiness: 0.5 } }, seed: 9 }'],
  ],
}

/** Id and seed of the points of two repeats. */
async function pointsOf(generator: string, load = '{ concurrency: [4] }'): Promise<readonly string[]> {
  const sweep = await read(sweepText({ topologies: '[1P1D]', load, generator, repeats: '2' }), files)
  return planSweep(sweep).deployments.flatMap(({ points }) => points.map(({ id, load: { seed } }) => `${id} ${seed}`))
}

/** Of commit a10491d; they stand in the runs of the past. */
const pinned: { readonly [generator: string]: readonly (readonly string[])[] } = {
  'built-in': [
    ['db969a324b34 100', 'd96fbdbcb212 101'],
    ['db969a324b34 100', 'd96fbdbcb212 101'],
    ['db969a324b34 100', 'd96fbdbcb212 101'],
    ['db969a324b34 100', 'd96fbdbcb212 101'],
    ['6fcf72d50640 9', 'd67305e1e7a2 10'],
  ],
  'genai-perf': [
    ['4977af8ef90e 215444466', '4aa87427c4f1 1827692511'],
    ['ed108542d7b8 1220592380', '0460edfd2436 1337801712'],
    ['f26755b07824 100', '7e0ec6f1947a 100'],
  ],
  aiperf: [
    ['9572152afe6c 473275018', '7609633c0082 1164864130'],
    ['029cfeab021c 238007786', '082971179799 1455392683'],
    ['8d7f9c5571aa 847752487', '5f1c262af418 1240894361'],
  ],
}

describe('the ids and seeds of points stay what they were, with', () => {
  for (const [generator, texts] of Object.entries(written)) {
    test(generator, async () => {
      const points = await Promise.all(texts.map(([text, load]) => pointsOf(text, load)))
      assert.deepEqual(points, pinned[generator])
    })
  }
})
