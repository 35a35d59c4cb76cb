// Test part: process

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { optionsOfVersion, versionOfImage } from '../../../src/deployers/dynamo/frontend-options.ts'
import { testedDynamo } from '../../../src/deployers/dynamo/tested.ts'
import { kubernetesCapabilities } from '../../../src/deployers/kubernetes/check.ts'
import type { KubernetesConfig } from '../../../src/deployers/kubernetes/config.ts'
import { checkKubernetes } from '../../../src/deployers/kubernetes/doctor.ts'
import { argumentsIn } from '../../../src/deployers/kubernetes/frontend-arguments.ts'
import { v1alpha1 } from './manifests.ts'

const frontend = 'Frontend: { componentType: frontend, replicas: 1 }'
const image = (tag: string) => `nvcr.io/nvidia/ai-dynamo/vllm-runtime:${tag}`

/** A manifest whose frontend runs this image with these arguments, and the rest of the configuration. */
async function withManifest<T>(
  container: { readonly image?: string; readonly args?: readonly string[] },
  change: Partial<KubernetesConfig>,
  use: (config: KubernetesConfig) => T | Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-frontend-'))
  try {
    const manifest = join(folder, 'm.yaml')
    const spec = JSON.stringify({ mainContainer: { command: ['python3', '-m', 'dynamo.frontend'], ...container } })
    await writeFile(manifest, v1alpha1.replace(frontend, `${frontend.slice(0, -2)}, extraPodSpec: ${spec} }`))
    return await use({ manifest, services: {}, on_exit: 'restore', ready_timeout: 1, ...change })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const problems = (...[container, change]: [Parameters<typeof withManifest>[0], Partial<KubernetesConfig>]) =>
  withManifest(container, change, config =>
    kubernetesCapabilities(config).configProblems.map(({ path, wrong, at }) =>
      [path?.join('.'), at?.position.line, wrong].filter(part => part !== undefined).join(': '),
    ),
  )

describe('options of a frontend on Kubernetes', () => {
  test('that the version in its image does not know are an error of the sweep file', async () => {
    assert.deepEqual(
      await problems(
        { image: image('1.4.2') },
        { frontend_args: { 'router-mode': 'cleverest', 'response-plane': 'quic' } },
      ),
      [
        'frontend_args: the frontend of ai-dynamo 1.4.2 does not know --router-mode cleverest',
        'frontend_args: the frontend of ai-dynamo 1.4.2 has no option --response-plane',
      ],
    )
    assert.deepEqual(await problems({ image: image('1.6.1') }, { frontend_args: { 'response-plane': 'quic' } }), [])
  })

  test('are held against the image of the sweep file before that of the manifest', async () => {
    const frontend_args = { 'response-plane': 'quic' }
    assert.equal(
      (await problems({ image: image('1.6.1') }, { frontend_args, frontend_image: image('1.4.2') })).length,
      1,
    )
    assert.equal(
      (await problems({ image: image('1.4.2') }, { frontend_args, frontend_image: image('1.6.1') })).length,
      0,
    )
  })

  test('that the manifest gives are told at their place in it, unless the sweep file replaces them', async () => {
    const container = { image: image('1.6.1-cuda13'), args: ['--router-mode', 'cleverest', '--http-port=9000'] }
    const [problem, ...more] = await problems(container, {})
    assert.match(
      problem ?? '',
      /^manifest: \d+: Frontend: the frontend of ai-dynamo 1\.6\.1 does not know --router-mode/,
    )
    assert.deepEqual(more, [])
    assert.deepEqual(await problems(container, { frontend_args: { 'router-mode': 'kv' } }), [])
  })

  test('are not judged where the version is not known, and the doctor says so', async () => {
    for (const other of ['registry/mine:1.4.2', image('latest'), image('1.5.0'), `${image('1.4.2')}@sha256:0`]) {
      const change = { frontend_args: { 'router-mode': 'cleverest' }, kubeconfig: '/no/such/file' }
      assert.deepEqual(await problems({ image: other }, change), [], other)
      const checks = await withManifest({ image: other }, change, checkKubernetes)
      const said = checks.find(({ name }) => name === 'frontend_args')
      assert.match(
        said?.detail ?? '',
        /^not checked: it is not known which options the frontend in .* \(router-mode given\)/,
      )
      assert.match(said?.remedy ?? '', /docker run --rm/)
    }
  })

  test('of a version that is not tested are noticed with the tested ones', async () => {
    const checks = await withManifest({ image: image('1.5.0') }, { kubeconfig: '/no/such/file' }, checkKubernetes)
    const said = checks.find(({ name }) => name === 'frontend')
    assert.match(said?.detail ?? '', /ai-dynamo 1\.5\.0 in .*, which Fulcrum was not tested with$/)
  })
})

test('the version of an image is that of its tag, where NVIDIA names it so', () => {
  const versions = [
    image('1.6.1'),
    'mirror.example:5000/ai-dynamo/frontend:v1.4.2',
    image('1.6.1-cuda13'),
    image('1.6.1rc1'),
  ]
  assert.deepEqual(versions.map(versionOfImage), ['1.6.1', '1.4.2', '1.6.1', null])
})

test('the options of every tested version are known', () => {
  for (const version of testedDynamo) assert.ok(optionsOfVersion(version).known.has('router-mode'), version)
  assert.equal(optionsOfVersion('1.5.0').known.size, 0)
})

test('a list of arguments is read as argparse reads it', () => {
  const args = ['-m', 'dynamo.frontend', '--a', '1', '--b=x=y', '--c', '--d', '-1']
  assert.deepEqual(argumentsIn(args), { a: '1', b: 'x=y', c: true, d: '-1' })
  assert.deepEqual(argumentsIn(['python3 -m dynamo.frontend --router-mode kv']), {})
})
