// Test part: process
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { checkCuda, judgeCuda, parseDriverCuda } from '../../../src/deployers/doctor/cuda.ts'
import { hereMachine, type Machine } from '../../../src/deployers/doctor/machine.ts'

/** First lines of the table of driver 580. */
const table = (cuda: string) => `Sun Nov 29 09:00:00 2026
+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI 580.159.04             Driver Version: 580.159.04     CUDA Version: ${cuda}     |
+-----------------------------------------+------------------------+----------------------+`

describe('the CUDA version of a driver', () => {
  it('is in the table that nvidia-smi prints', () => {
    assert.deepEqual(parseDriverCuda(table('13.0')), [13, 0])
    assert.equal(parseDriverCuda(table('N/A')), null)
    assert.equal(parseDriverCuda(''), null)
  })

  const verdict = (driver: readonly [number, number], built: string) => {
    const { ok, remedy } = judgeCuda(driver, { version: '2.11.0', built }, 'node a')
    return ok ? (remedy === undefined ? 'ok' : 'note') : 'FAIL'
  }
  it('runs what was built for it, for an older one, or for a newer minor one', () => {
    assert.equal(verdict([13, 0], '13.0'), 'ok')
    assert.equal(verdict([13, 0], '12.8'), 'ok')
    assert.equal(verdict([12, 4], '12.8'), 'note')
  })

  it('runs nothing that was built for a newer major one, or for no CUDA at all', () => {
    assert.equal(verdict([12, 8], '13.0'), 'FAIL')
    assert.equal(verdict([13, 0], 'cpu'), 'FAIL')
    assert.equal(verdict([13, 0], 'rocm'), 'FAIL')
  })
})

describe('PyTorch on a machine', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-cuda-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  /** This machine, with a driver's table. */
  const machine = (smi: string | null): Machine => ({
    name: 'node a',
    run: async (program, args, env) =>
      program === 'nvidia-smi'
        ? { ok: smi !== null, absent: smi === null, out: smi ?? '', complaint: '' }
        : hereMachine.run(program, args, env),
  })
  /** What is said of a torch whose version.py has these lines, and whose import fails. */
  async function said(name: string, lines: string, smi: string | null = table('12.8')) {
    const site = join(folder, name)
    await mkdir(join(site, 'torch'), { recursive: true })
    await writeFile(join(site, 'torch/__init__.py'), 'raise ImportError("libcudart.so.13")\n')
    await writeFile(join(site, 'torch/version.py'), lines)
    return checkCuda(machine(smi), { python: 'python3', env: { PYTHONPATH: site } })
  }

  it('is asked for its CUDA version without being imported', async () => {
    const [check] = await said(
      'cuda',
      "from typing import Optional\n__version__ = '2.11.0+cu130'\ncuda: Optional[str] = '13.0'\n",
    )
    assert.equal(check?.ok, false)
    assert.equal(check?.detail, 'the driver supports CUDA 12.8, and PyTorch 2.11.0+cu130 needs 13.0')
    assert.match(check?.remedy ?? '', /^Update the driver, or install PyTorch for CUDA 12/)
  })

  it('without CUDA is a failure', async () => {
    const [check] = await said('cpu', "__version__ = '2.11.0+cpu'\ncuda = None\nhip = None\n")
    assert.match(check?.detail ?? '', /is built for cpu$/)
  })

  it('is not judged without a driver, or where there is none', async () => {
    assert.deepEqual(await said('lost', "__version__ = '2'\ncuda = '13.0'\n", null), [])
    assert.deepEqual(await said('broken', 'raise SystemExit(1)\n'), [])
    assert.deepEqual(await checkCuda(machine(table('13.0')), { python: '/no/such/python', env: {} }), [])
  })
})
