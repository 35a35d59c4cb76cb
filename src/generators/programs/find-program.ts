import { constants } from 'node:fs'
import { access, glob, stat } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { FulcrumError } from '../../model/index.ts'

/** An installed program and its virtual environment, if any. */
export interface Program {
  readonly path: string
  /** Folder of the program, which also contains its companions (perf_analyzer beside genai-perf). */
  readonly binFolder: string
}

/**
 * Finds a load generator's program: `command` from the sweep file (a path if it has a slash, otherwise a name on PATH),
 * or `name` on PATH.
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
  throw new FulcrumError('environment', 'generator-missing', await whyNotFound(name, wanted), {
    remedy: `install it (${install}) and name its program in the sweep file: generator: { name: ${name}, command: path/to/venv/bin/${name} }`,
  })
}

/** Executable of a name on PATH, or at a path with a slash; null if there is none. */
export async function findOnPath(name: string, searchPath = process.env.PATH ?? ''): Promise<string | null> {
  const candidates = name.includes('/')
    ? [name]
    : searchPath.split(delimiter).flatMap(folder => (folder === '' ? [] : [join(folder, name)]))
  for (const path of candidates) if (await isExecutable(path)) return path
  return null
}

/**
 * Folders of shared libraries from Python packages in the program's virtual environment (`nvidia/cuda_runtime/lib`).
 */
export async function librariesOf(program: Program, packageFolder: string): Promise<string[]> {
  const found: string[] = []
  const pattern = join(program.binFolder, '../lib/python*/site-packages', packageFolder)
  for await (const folder of glob(pattern)) found.push(folder)
  return found.sort()
}

/** Why a program that was not found is none: a name on PATH, or a path with a slash. */
export async function whyNotFound(name: string, command: string): Promise<string> {
  if (!command.includes('/')) return `${name} was not found on PATH${command === name ? '' : ` as ${command}`}`
  const found = await stat(command).catch(() => null)
  if (found === null) return `${name} was not found at ${command}`
  return `${command} is not ${name}: it is ${found.isDirectory() ? 'a folder' : 'not executable'}`
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    async () => (await stat(path)).isFile(),
    () => false,
  )
}
