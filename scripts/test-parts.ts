/** The parts of the test suite. A test file belongs to exactly one. */

export interface Part {
  readonly name: string
  /** What a test of this part may do, in a few words. */
  readonly about: string
  /** Test files that run at the same time; `cores` is as many as the machine has. */
  readonly concurrency: number | 'cores'
  /** Folders whose files belong to the part without saying so. */
  readonly folders: readonly string[]
  /** The part needs the programs that `npm run systems` installs. */
  readonly needsSystems: boolean
}

/** In the order in which `npm test` runs them: what fails soonest comes first. */
export const parts: readonly Part[] = [
  part('unit', 'one process: no child process, worker thread or port', { concurrency: 'cores' }),
  part('long', 'as unit, but more than 3 s of CPU: statistics and simulated load', { concurrency: 'cores' }),
  part('load', 'worker threads and ports: the built-in generator, servers, real sockets'),
  part('process', 'child processes'),
  part('cli', 'fulcrum commands as a user starts them', { folders: ['test/cli/'] }),
  part('browser', 'reports and the local site in Chromium', { needsSystems: true }),
  // Real systems share two cores badly: one file at a time.
  part('systems', 'real Dynamo, NATS, etcd, Slurm, Kubernetes API, load generators, npm', {
    concurrency: 1,
    folders: ['test/systems/'],
    needsSystems: true,
  }),
]

export const partNames: readonly string[] = parts.map(({ name }) => name)

function part(name: string, about: string, rest: Partial<Part> = {}): Part {
  return { name, about, concurrency: 2, folders: [], needsSystems: false, ...rest }
}

/** How a test file says to which part it belongs. */
export const declaration = (name: string): string => `// Test part: ${name}`

/**
 * The part of a test file: its folder's, otherwise the one that its first line declares, otherwise `unit`.
 *
 * @param path From the root of the repository, such as `test/cli/tune.test.ts`.
 * @throws {Error} The declared part doesn't exist, or the folder already decides.
 */
export function partOf(path: string, text: string): string {
  const [, declared] = /^\/\/ *test +part *: *(.*?) *$/im.exec(text.slice(0, 200)) ?? []
  const byFolder = parts.find(({ folders }) => folders.some(folder => path.startsWith(folder)))?.name
  if (declared === undefined) return byFolder ?? 'unit'
  if (!text.startsWith(declaration(declared)))
    throw new Error(`${path}: the first line must be exactly '${declaration(declared)}'`)
  if (byFolder !== undefined) throw new Error(`${path}: the folder decides that the part is ${byFolder}; remove line 1`)
  if (!partNames.includes(declared))
    throw new Error(`${path}:1: unknown test part '${declared}'; the parts are ${partNames.join(', ')}`)
  return declared
}
