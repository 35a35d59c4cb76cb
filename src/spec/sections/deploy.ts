import type { AnyDeployer, ConfiguredDeployer } from '../../deployers/define-deployer.ts'
import { deployerNames, deployerOf, deployers } from '../../deployers/index.ts'
import { isRecord } from '../../model/index.ts'
import { nearMiss } from '../../yaml/near-miss.ts'
import type { SectionContext } from '../../yaml/section-context.ts'
import { isModulePath } from '../import-module.ts'
import { readPlugin } from '../plugins.ts'
import type { RawDeploy } from '../schema/deploy.ts'

/** The deployers that a sweep file may name, and the file as those understand it. */
export interface KnownDeployers {
  /** The shipped ones, and the plug-in that the file names. */
  readonly deployers: readonly AnyDeployer[]
  /**
   * The file; a plug-in is named as its `defineDeployer` names it, which makes ids the same wherever the module lies.
   */
  readonly value: unknown
}

/**
 * Loads the deployer that a sweep file names when it is a plug-in: a module beside the file or an installed package.
 * Null when it can't be loaded, which is then reported.
 */
export async function knownDeployers(value: unknown, context: SectionContext): Promise<KnownDeployers | null> {
  const shipped = { deployers, value }
  if (!isRecord(value) || !isRecord(value.deploy)) return shipped
  const named = value.deploy.with
  if (typeof named !== 'string' || named === '' || deployerOf(named) !== undefined) return shipped
  // The schema of the section suggests the name that was meant.
  if (!isModulePath(named) && nearMiss(named, deployerNames) !== null) return shipped
  const place = { path: ['deploy', 'with'], taken: deployerNames }
  const plugin = await readPlugin<AnyDeployer>(named, 'deployer', place, context)
  if (plugin === null) return null
  const deploy = { ...value.deploy, with: plugin.name }
  return { deployers: [...deployers, plugin], value: { ...value, deploy } }
}

/** The deployer that the section names, with its configuration. */
export function readDeploy(
  raw: RawDeploy,
  known: readonly AnyDeployer[],
  context: SectionContext,
): ConfiguredDeployer | undefined {
  return known.find(({ name }) => name === raw.with)?.configure(raw, context)
}
