import type { Engine } from '../../engines/define-engine.ts'
import { type Check, noticed, passed } from './check.ts'
import type { Machine } from './machine.ts'

/** "1.4.2 and 1.6.1" */
const listed = (versions: readonly string[]) => new Intl.ListFormat('en').format(versions)

/** Checks the version of an installed program, and warns if Fulcrum is not tested with it. */
export function judgeVersion(
  name: string,
  {
    version,
    tested,
    detail,
  }: { readonly version: string; readonly tested: readonly string[]; readonly detail: string },
  where?: string,
): Check {
  if (tested.includes(version)) return passed(name, detail, where)
  const remedy = `Fulcrum is tested with ${listed(tested)}. Compare a short sweep, or install ${tested.length > 1 ? 'one of them' : 'it'}.`
  return noticed(name, `${detail}, which Fulcrum was not tested with`, remedy, where)
}

/** The first three numbers of a version; a release candidate has those of its release. */
const numbersOf = (version: string) => (version.match(/\d+/g) ?? []).slice(0, 3).map(Number)

function isOlder(one: string, other: string): boolean {
  const [a, b] = [numbersOf(one), numbersOf(other)]
  const at = a.findIndex((part, i) => part !== b[i])
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0)
}

/** Compares an installed engine with the versions that Fulcrum is tested with. Empty if it is part of Dynamo. */
export function judgeEngine(
  { title, tested }: Pick<Engine, 'title' | 'tested'>,
  version: string,
  where?: string,
): readonly Check[] {
  if (tested === null) return []
  const { settings, ran } = tested
  const onGpus = ran.includes(version)
    ? '; Fulcrum has measured it'
    : `; Fulcrum has measured ${ran.length === 0 ? 'none of its versions' : listed(ran)}`
  const what = `${title} ${version}`
  if (settings === null) {
    const remedy = 'Settings that the version does not have fail when a worker starts, and its log says so.'
    return [noticed('engine', `${what}${onGpus}, and knows its settings from its sources`, remedy, where)]
  }
  const known = `${settings.from} to ${settings.to}`
  if (isOlder(version, settings.from) || isOlder(settings.to, version)) {
    const remedy = `Fulcrum knows the settings of ${known}. Others fail when a worker starts, and its log says so.`
    return [noticed('engine', `${what}, whose settings Fulcrum was not compared with${onGpus}`, remedy, where)]
  }
  return [passed('engine', `${what}, whose settings Fulcrum knows (${known})${onGpus}`, where)]
}

/** Prints the versions of packages, one per line; a dash for a package that is not installed. */
const versionsCode = `import sys
from importlib.metadata import PackageNotFoundError, version
for name in sys.argv[1:]:
    try: print(version(name))
    except PackageNotFoundError: print('-')`

/** Versions of Python packages; null if a package is not installed or the Python does not run. */
export async function packageVersions(
  machine: Machine,
  { python, env }: { readonly python: string; readonly env: { readonly [name: string]: string } },
  packages: readonly string[],
): Promise<readonly (string | null)[]> {
  const said = await machine.run(python, ['-c', versionsCode, ...packages], env)
  // Other output of Python precedes the versions.
  const lines = said.ok ? said.out.split('\n').slice(-packages.length) : []
  return packages.map((_, i) => (lines[i] === '-' ? null : (lines[i] ?? null)))
}

/** Checks the engine installed in a Python. Empty if it is part of Dynamo, or missing, which another check reports. */
export async function engineVersion(
  machine: Machine,
  engine: Engine,
  runtime: { readonly python: string; readonly env: { readonly [name: string]: string } },
): Promise<readonly Check[]> {
  if (engine.tested === null) return []
  const [version] = await packageVersions(machine, runtime, [engine.tested.package])
  return version == null ? [] : judgeEngine(engine, version, machine.name)
}
