import { argumentName, mergeArguments } from '../../engines/arguments.ts'
import { engines } from '../../engines/index.ts'
import type { Json } from '../../model/index.ts'
import { runShort } from '../../process/short-program.ts'
import { nearMiss } from '../../yaml/near-miss.ts'
import type { Complaint } from '../capabilities.ts'
import { noLoggingFile } from '../logging-file.ts'
import type { DynamoProcesses } from './config.ts'
import { knownFrontends } from './known-frontends.ts'

/** Options of an installed frontend, from its `--help`. */
export interface FrontendOptions {
  /** Allowed values by option without dashes; null if any value is allowed. */
  readonly known: ReadonlyMap<string, readonly string[] | null>
  /** Help texts of options that a later version removes. */
  readonly deprecated: ReadonlyMap<string, string>
}

/** Reads a help text in the format of Python's argparse. Without one, no options are known. */
export function frontendOptionsOf(help: string): FrontendOptions {
  const known = new Map<string, readonly string[] | null>()
  const deprecated = new Map<string, string>()
  let names: readonly string[] = []
  for (const line of help.split('\n')) {
    if (/^ {2}-/.test(line)) {
      // The description of a short option is on the same line, separated by at least two spaces.
      const [header = ''] = line.trimStart().split(/ {2,}/)
      names = [...header.matchAll(/--([\w-]+)/g)].map(([, name = '']) => argumentName(name))
      const choices = /\{([^}]*)\}/.exec(header)?.[1]?.split(',') ?? null
      for (const name of names) known.set(name, choices)
    }
    const said = /is deprecated and will be removed in (\S+); ([^.]*)\./.exec(line)
    if (said !== null) for (const name of names) deprecated.set(name, `removed in ${said[1]}; ${said[2]}`)
  }
  return { known, deprecated }
}

/** Options of the frontend of a tested version of ai-dynamo; empty for other versions. */
export function optionsOfVersion(version: string): FrontendOptions {
  const lines = (knownFrontends[version] ?? '').split('\n').flatMap(line => line.trim() || [])
  const named = lines.toSorted().map(line => line.split(' '))
  return {
    known: new Map(named.map(([name = '', choices]) => [name, choices?.split(',') ?? null])),
    deprecated: new Map(),
  }
}

/**
 * The version of ai-dynamo in one of NVIDIA's images or a mirror of one, such as
 * `…/ai-dynamo/vllm-runtime:1.6.1-cuda13`; null for another image, another tag, or a digest.
 */
export function versionOfImage(image: string): string | null {
  return /(?:^|\/)ai-dynamo\/[^/:@]+:v?(\d+\.\d+\.\d+)(?:-[\w.-]+)?$/.exec(image)?.[1] ?? null
}

/**
 * Problems of `frontend_args` with a frontend; none if its options are unknown.
 * @param frontend its name in messages
 */
export function unknownToFrontend(
  { frontend_args }: Pick<DynamoProcesses, 'frontend_args'>,
  { known }: FrontendOptions,
  frontend = 'the installed frontend',
): readonly Complaint[] {
  if (known.size === 0) return []
  const given = mergeArguments(frontend_args)
  // These processors pass unknown options to the engine's parser.
  const passesOn = engines.some(({ name }) => name === given['dyn-chat-processor'])
  return Object.entries(given).flatMap(([name, value]): readonly Complaint[] => {
    if (value === false || value === null) return []
    const choices = choicesOf(name, known)
    if (choices === undefined) {
      if (passesOn) return []
      const near = nearMiss(name, known.keys())
      const remedy = near === null ? 'remove it, or install a version that has it' : `did you mean '${near}'?`
      return [{ wrong: `${frontend} has no option --${name}`, remedy }]
    }
    const wrong = choices === null ? undefined : valuesOf(value).find(said => !choices.includes(said))
    if (wrong === undefined) return []
    return [
      {
        wrong: `${frontend} does not know --${name} ${wrong}`,
        remedy: `write ${(choices ?? []).join(', ')}, or install a version that has it`,
      },
    ]
  })
}

/** Accepts an unambiguous prefix of an option's name, as argparse does. */
function choicesOf(name: string, known: FrontendOptions['known']): readonly string[] | null | undefined {
  const exact = known.get(name)
  if (exact !== undefined) return exact
  const begun = [...known].filter(([option]) => option.startsWith(name))
  return begun.length === 1 ? begun[0]?.[1] : undefined
}

const valuesOf = (value: Json) => (Array.isArray(value) ? value : [value]).filter(item => item !== true).map(String)

/** Reads the options of a Python's frontend without starting it. Empty if it does not print them. */
export async function askFrontendOptions({
  python,
  env,
}: Pick<DynamoProcesses, 'python' | 'env'>): Promise<FrontendOptions> {
  const said = await runShort(python, ['-m', 'dynamo.frontend', '--help'], {
    ...noLoggingFile,
    ...env,
    COLUMNS: '1000',
  })
  return frontendOptionsOf(said.ok ? said.out : '')
}
