import { type Arguments, mergeArguments } from '../../engines/arguments.ts'
import type { Complaint } from '../capabilities.ts'
import { optionsOfVersion, unknownToFrontend, versionOfImage } from '../dynamo/frontend-options.ts'
import type { ComponentKeys } from './config.ts'
import { readAt } from './fields.ts'
import type { Manifest, ManifestProblem } from './manifest.ts'
import type { Cast } from './roles.ts'

/** Options of a graph's frontend, compared with the version in its image. */
export interface FrontendArguments {
  /** The image; null if neither the sweep file nor the manifest names one. */
  readonly image: string | null
  /** The image's version of ai-dynamo; null if its name does not contain the version, or if its options are unknown. */
  readonly version: string | null
  /** Names of the options that the sweep file and the manifest give. */
  readonly given: readonly string[]
  /** Problems of `deploy.frontend_args`. */
  readonly inSweep: readonly Complaint[]
  readonly inManifest: readonly ManifestProblem[]
}

/** Checks the options of the frontend without a cluster. */
export function frontendArguments(manifest: Manifest, cast: Cast, config: ComponentKeys): FrontendArguments {
  const component = cast.frontend
  const named = component && readAt(manifest.graph.resource, [...component.containerPath, 'image'])
  const image = config.frontend_image ?? (typeof named === 'string' ? named : null)
  const own = mergeArguments(config.frontend_args)
  const written = argumentsIn([...(component?.command ?? []), ...(component?.args ?? [])])
  const said = image === null ? null : versionOfImage(image)
  const version = said !== null && optionsOfVersion(said).known.size > 0 ? said : null
  const wrong = (frontend_args: Arguments): readonly Complaint[] =>
    version === null
      ? []
      : unknownToFrontend({ frontend_args }, optionsOfVersion(version), `the frontend of ai-dynamo ${version}`)
  // The sweep file's options come last and take precedence.
  const kept = Object.fromEntries(Object.entries(written).filter(([name]) => own[name] === undefined))
  return {
    image,
    version,
    given: Object.keys({ ...written, ...own }),
    inSweep: wrong(own),
    inManifest: wrong(kept).map(({ wrong: problem, remedy }) => ({
      at: manifest.graph.placeOf(component?.containerPath ?? []),
      problem: `${component?.name}: ${problem}`,
      right: remedy,
    })),
  }
}

/** Options in a list of arguments: `--name value`, `--name=value` and `--name`. Does not read scripts. */
export function argumentsIn(args: readonly string[]): Arguments {
  return Object.fromEntries(
    args.flatMap((word, i) => {
      const [, name, value] = /^--([a-z][\w-]*)(?:=(.*))?$/s.exec(word) ?? []
      if (name === undefined) return []
      const next = args[i + 1]
      return [[name, value ?? (next === undefined || /^-(?!\d)/.test(next) ? true : next)] as const]
    }),
  )
}
