import { constants } from 'node:fs'
import { access, glob } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { FulcrumError } from '../../model/index.ts'

/** An installed program and the virtual environment around it, if it stands in one. */
export interface Program {
  readonly path: string
  /** Folder of the program: its companions (perf_analyzer beside genai-perf) are there. */
  readonly binFolder: string
}

/**
 * Finds a load generator's program: `command` when the sweep file names one (with a slash a path, else a name on PATH),
 * `name` on PATH otherwise.
 * @throws FulcrumError environment `generator-missing`
 */
export async function findProgram(
  name: string,
  command: string | undefined,
  install: string,
  searchPath = process.env.PATH ?? '',
): Promise<Program> {
  const wanted = command ?? name
  const path = await findOnPath(wanted, searchPath)
  if (path !== null) return { path, binFolder: dirname(path) }
  const where = wanted.includes('/') ? `at ${wanted}` : 'on PATH'
  throw new FulcrumError('environment', 'generator-missing', `${name} was not found ${where}`, {
    remedy: `install it (${install}) and name its program in the sweep file: generator: { name: ${name}, command: path/to/venv/bin/${name} }`,
  })
}

/** The executable of a name on PATH, or at a path when it has a slash; null when there is none. */
export async function findOnPath(name: string, searchPath = process.env.PATH ?? ''): Promise<string | null> {
  const candidates = name.includes('/')
    ? [name]
    : searchPath.split(delimiter).flatMap(folder => (folder === '' ? [] : [join(folder, name)]))
  for (const path of candidates) if (await isExecutable(path)) return path
  return null
}

/**
 * Folders of shared libraries that Python packages of the program's virtual environment bring
 * (`nvidia/cuda_runtime/lib`).
 */
export async function librariesOf(program: Program, packageFolder: string): Promise<string[]> {
  const found: string[] = []
  const pattern = join(program.binFolder, '../lib/python*/site-packages', packageFolder)
  for await (const folder of glob(pattern)) found.push(folder)
  return found.sort()
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
