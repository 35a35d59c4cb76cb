import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { type ContractKind, contractOf, contracts } from '../model/index.ts'
import { type Path, quoted } from '../yaml/problem.ts'
import type { SectionContext } from '../yaml/section-context.ts'
import { brokenModule, codeOf, importFrom, isModulePath, type ModuleRefusal } from './import-module.ts'

/** A plug-in's definition and its module, or why it could not be loaded. */
export type LoadedPlugin =
  | {
      readonly definition: object
      /** Absolute path of the module. */
      readonly file: string
    }
  | ModuleRefusal

const definers: { readonly [kind in ContractKind]: string } = {
  deployer: 'defineDeployer',
  generator: 'defineGenerator',
}

const places: { readonly [kind in ContractKind]: string } = { deployer: 'deploy.with', generator: 'generator.name' }

/**
 * Imports a module named in a sweep file and checks its default export. Importing runs the module's code.
 * @param specifier the path of a module, relative to the folder, if it starts with `./`, `../` or `/`; otherwise the
 *   name of a package installed for the folder
 * @param folder of the sweep file
 */
export async function loadPlugin(specifier: string, folder: string, kind: ContractKind): Promise<LoadedPlugin> {
  const missing = isModulePath(specifier) ? missingFile(resolve(folder, specifier), kind) : null
  if (missing !== null) return missing
  const imported = await importFrom(specifier, folder)
  if ('error' in imported) {
    if (isUnresolved(imported.error, imported.entry) && !isModulePath(specifier))
      return notInstalled(specifier, folder, kind)
    return brokenModule(imported, specifier)
  }
  const { exports, file } = imported
  const refusal = refusalOf(exports, specifier, kind)
  return refusal ?? { definition: Reflect.get(exports, 'default') as object, file }
}

/**
 * Loads the plug-in that a section names. Null if it cannot be used, which it reports. Results depend on a plug-in's
 * content, so it is hashed like a dataset, and resuming a run with different content is noticed.
 * @param place path of the specifier, and the names that plug-ins must not use
 */
export async function readPlugin<Definition extends { readonly name: string }>(
  specifier: string,
  kind: ContractKind,
  { path, taken }: { readonly path: Path; readonly taken: readonly string[] },
  context: SectionContext,
): Promise<Definition | null> {
  const loaded = await loadPlugin(specifier, context.folder, kind)
  if (!('definition' in loaded)) {
    const begun = taken.find(name => name.startsWith(`${specifier}-`))
    context.report(
      path,
      loaded.wrong,
      begun === undefined ? loaded.right : `did you mean "${begun}"? Otherwise, ${loaded.right}`,
    )
    return null
  }
  const definition = loaded.definition as Definition
  if (taken.includes(definition.name)) {
    context.report(
      path,
      `${specifier} defines a ${kind} called ${quoted(definition.name)}, which is one of Fulcrum’s own`,
      `give it another name in its ${definers[kind]}`,
    )
    return null
  }
  context.files.fingerprint(loaded.file)
  return definition
}

function missingFile(path: string, kind: ContractKind): ModuleRefusal | null {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isFile()) return null
  return found === undefined
    ? {
        wrong: `${path} does not exist`,
        right: `write the path of a ${kind} module, absolute or relative to the sweep file`,
      }
    : { wrong: `${path} is not a file`, right: `write the path of a ${kind} module` }
}

/** Whether the plug-in itself was not found, as opposed to one of its imports. */
const isUnresolved = (error: unknown, entry: string | null): boolean =>
  entry === null &&
  ['ERR_MODULE_NOT_FOUND', 'ERR_INVALID_MODULE_SPECIFIER', 'ERR_PACKAGE_PATH_NOT_EXPORTED'].includes(codeOf(error))

function notInstalled(specifier: string, folder: string, kind: ContractKind): ModuleRefusal {
  return {
    wrong: `unknown ${kind} "${specifier}", and no package of this name is installed for ${folder}`,
    right: `install it there with npm install ${specifier}, or write the path of a module that begins with ./`,
  }
}

function refusalOf(exports: object, specifier: string, kind: ContractKind): ModuleRefusal | null {
  const definer = definers[kind]
  const right = `write export default ${definer}({ … }), with ${definer} of fulcrum`
  if (!('default' in exports)) return { wrong: `${specifier} has no default export`, right }
  const contract = contractOf(exports.default)
  if (contract === null) return { wrong: `the default export of ${specifier} does not come from ${definer}`, right }
  if (contract.kind !== kind) {
    return {
      wrong: `${specifier} is a ${contract.kind}, not a ${kind}`,
      right: `write it as ${places[contract.kind]}, and a ${kind} here`,
    }
  }
  if (contract.version !== contracts[kind]) {
    const [older, newer] = contract.version < contracts[kind] ? ['the plug-in', 'Fulcrum'] : ['Fulcrum', 'the plug-in']
    return {
      wrong: `${specifier} implements version ${contract.version} of the ${kind} contract, but this Fulcrum requires version ${contracts[kind]}`,
      right: `update ${older}, which is older than ${newer}`,
    }
  }
  return null
}
