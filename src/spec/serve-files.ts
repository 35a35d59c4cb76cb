import { engineFilesOf, modes, rolesOfMode, serviceOf } from '../deployers/dynamo-serve/service-file.ts'
import type { Json } from '../model/index.ts'
import { isRecord } from '../yaml/schema-walk.ts'
import { lookUp, type SectionContext } from '../yaml/section-context.ts'
import { readYaml } from '../yaml/yaml-source.ts'
import type { RawDeploy } from './schema/deploy.ts'
import { readDynamoServe } from './sections/dynamo-serve.ts'

/**
 * The user's files behind `dynamo serve` by their content, for each kind of topology: most are named by the guide's
 * defaults or in one another, and none by a path from the sweep file.
 */
export function serveFiles(
  deploy: Extract<RawDeploy, { with: 'dynamo-serve' }>,
  context: SectionContext,
): { readonly [mode: string]: readonly string[] } {
  const config = readDynamoServe(deploy, {}, { ...context, report: () => {} })
  const isThere = (path: string) => lookUp(context, path) === 'file'
  const filesOf = (file: string, mode: (typeof modes)[number]): readonly string[] => {
    if (!isThere(file)) return []
    const { value } = readYaml(context.files.text(file))
    const engines = rolesOfMode(mode).flatMap(role => {
      const section = isRecord(value) ? value[serviceOf(config, role)] : null
      return isRecord(section) ? engineFilesOf(config, role, section as { readonly [key: string]: Json }) : []
    })
    const paths = engines.map(({ path }) => path).filter(isThere)
    return [file, ...new Set(paths)].map(path => context.files.fingerprint(path))
  }
  return Object.fromEntries(modes.map(mode => [mode, filesOf(config.configs[mode], mode)]))
}
