import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fulcrum, temporaryFolder } from './fulcrum.ts'

for (const generator of ['aiperf', 'genai-perf', 'vllm-bench', 'guidellm', 'inference-perf']) {
  test(`a sweep without its ${generator} ends before it deploys anything, with how to install it`, async () => {
    await using place = await temporaryFolder()
    await writeFile(
      join(place.path, 'sweep.yaml'),
      `name: missing
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated }
workloads: [64/4]
load: { concurrency: 1, requests: 4, warmup: 0, api: completions }
generator: ${generator}
`,
    )
    const { exitCode, stdout, stderr } = await fulcrum(['run', 'sweep.yaml'], {
      cwd: place.path,
      env: { PATH: '/nowhere', FULCRUM_STATE_DIR: join(place.path, 'state') },
    })
    assert.equal(exitCode, 3, stderr)
    assert.match(stdout, /was not found on PATH[\s\S]*(install|wheel)/)
    assert.doesNotMatch(stderr, /Deployed/)
  })
}
