import { type Check, missed, noticed, passed } from './check.ts'
import type { Machine } from './machine.ts'

/** A version of CUDA. */
export type CudaVersion = readonly [major: number, minor: number]

const textOf = (version: CudaVersion) => version.join('.')

/** The CUDA version that a driver supports, from the table that `nvidia-smi` prints; null if the table has none. */
export function parseDriverCuda(text: string): CudaVersion | null {
  const [, major, minor] = /CUDA (?:UMD )?Version\s*:\s*(\d+)\.(\d+)/.exec(text) ?? []
  return major === undefined || minor === undefined ? null : [Number(major), Number(minor)]
}

/** Finds PyTorch's build without importing it, which would take seconds. Prints `2.11.0+cu130 13.0`. */
const torchCode = `import importlib.util, os, runpy
found = importlib.util.find_spec('torch')
if found is None or found.origin is None: raise SystemExit('no torch')
said = runpy.run_path(os.path.join(os.path.dirname(found.origin), 'version.py'))
print(said.get('__version__'), said.get('cuda') or ('rocm' if said.get('hip') else 'cpu'))`

/**
 * Checks whether a machine's driver supports the CUDA version of the workers' PyTorch. Empty without a driver or
 * PyTorch, because other checks report these.
 */
export async function checkCuda(
  machine: Machine,
  { python, env }: { readonly python: string; readonly env: { readonly [name: string]: string } },
): Promise<readonly Check[]> {
  const [smi, torch] = await Promise.all([machine.run('nvidia-smi', []), machine.run(python, ['-c', torchCode], env)])
  const driver = smi.ok ? parseDriverCuda(smi.out) : null
  const [version, built] = (torch.ok ? (torch.out.split('\n').at(-1) ?? '') : '').split(' ')
  if (driver === null || version === undefined || built === undefined) return []
  return [judgeCuda(driver, { version, built }, machine.name)]
}

/**
 * Compares a driver's CUDA version with PyTorch's. Drivers run programs of older versions and, from CUDA 11 on, of
 * newer minor versions (CUDA Compatibility Guide, minor version compatibility).
 * @param torch.built `13.0`, `cpu` or `rocm`
 */
export function judgeCuda(
  driver: CudaVersion,
  torch: { readonly version: string; readonly built: string },
  where: string,
): Check {
  const what = `the driver supports CUDA ${textOf(driver)}, and PyTorch ${torch.version}`
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(torch.built) ?? []
  if (major === undefined || minor === undefined) {
    return missed('cuda', `${what} is built for ${torch.built}`, 'Install a build of PyTorch for CUDA.', where)
  }
  const needed: CudaVersion = [Number(major), Number(minor)]
  const needs = `${what} needs ${textOf(needed)}`
  if (needed[0] > driver[0]) {
    const remedy = `Update the driver, or install PyTorch for CUDA ${driver[0]}. On data center GPUs, NVIDIA's cuda-compat package helps too.`
    return missed('cuda', needs, remedy, where)
  }
  if (needed[0] === driver[0] && needed[1] > driver[1]) {
    const remedy =
      'This works, except for kernels that are compiled at run time (PTX). Update the driver if a worker fails with unsupported PTX.'
    return noticed('cuda', needs, remedy, where)
  }
  return passed('cuda', needs, where)
}
