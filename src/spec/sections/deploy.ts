import type { AnyDeployer, ConfiguredDeployer } from '../../deployers/define-deployer.ts'
import { deployerNames, deployerOf, deployers } from '../../deployers/index.ts'
import { isRecord } from '../../model/index.ts'
import { nearMiss } from '../../yaml/near-miss.ts'
import type { SectionContext } from '../../yaml/section-context.ts'
import { isModulePath } from '../import-module.ts'
import { readPlugin } from '../plugins.ts'
import type { RawDeploy } from '../schema/deploy.ts'

/** Deployers that a sweep file may name, and the file with the name that they use. */
export interface KnownDeployers {
  /** Shipped deployers, and the plug-in that the file names. */
  readonly deployers: readonly AnyDeployer[]
  /**
   * Value of the file. A plug-in has the name from its `defineDeployer`, so ids do not depend on the module's location.
   */
  readonly value: unknown
}

/**
 * Loads the deployer that a sweep file names if it is a plug-in: a module beside the file or an installed package. Null
 * if it cannot be loaded, which it reports.
 */
export async function knownDeployers(value: unknown, context: SectionContext): Promise<KnownDeployers | null> {
  const shipped = { deployers, value }
  if (!isRecord(value) || !isRecord(value.deploy)) return shipped
  const named = value.deploy.with
  if (typeof named !== 'string' || named === '' || deployerOf(named) !== undefined) return shipped
  // A misspelled name of a shipped deployer: the schema of the section suggests the right one.
  if (!isModulePath(named) && nearMiss(named, deployerNames) !== null) return shipped
  const place = { path: ['deploy', 'with'], taken: deployerNames }
  const plugin = await readPlugin<AnyDeployer>(named, 'deployer', place, context)
  if (plugin === null) return null
  const deploy = { ...value.deploy, with: plugin.name }
  return { deployers: [...deployers, plugin], value: { ...value, deploy } }
}

/** Configures the deployer that the section names. */
export function readDeploy(
  raw: RawDeploy,
  known: readonly AnyDeployer[],
  context: SectionContext,
): ConfiguredDeployer | undefined {
  return known.find(({ name }) => name === raw.with)?.configure(raw, context)
}
