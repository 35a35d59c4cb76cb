import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { extname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** A problem with a user's module, in one clause, and its remedy. */
export interface ModuleRefusal {
  readonly wrong: string
  readonly right: string
}

/** Whether a name in a sweep file is the path of a module instead of the name of a package. */
export const isModulePath = (specifier: string): boolean => /^\.{1,2}\//.test(specifier) || isAbsolute(specifier)

/** Exports of an imported module and the path of its file, or the reason why the import failed. */
export type Imported =
  | {
      readonly exports: object
      readonly file: string
      /** URLs of the modules that were read. */
      readonly loaded: readonly string[]
    }
  | FailedImport

/** An error thrown while a module was resolved, read or evaluated. */
export interface FailedImport {
  readonly error: unknown
  /** URL of the module itself; null if it was not found. */
  readonly entry: string | null
  /** URLs of the modules that were read before the failure, starting with the module itself. */
  readonly loaded: readonly string[]
}

let imports = 0

/**
 * Imports a module under its own conditions (`exports`, `import`), as if the sweep file imported it. `fulcrum` resolves
 * to the copy installed next to the plug-in, or else to the running one, so a file next to a sweep needs no
 * installation.
 */
export async function importFrom(specifier: string, folder: string): Promise<Imported> {
  const token = `fulcrum-plugin-${++imports}:`
  const sweepFile = pathToFileURL(join(folder, 'sweep.yaml')).href
  const loaded: string[] = []
  let entry: string | null = null
  const hooks = registerHooks({
    resolve(asked, context, next) {
      if (asked === token) {
        const found = next(isModulePath(specifier) ? pathToFileURL(resolve(folder, specifier)).href : specifier, {
          ...context,
          parentURL: sweepFile,
        })
        entry = found.url
        return found
      }
      if (asked === 'fulcrum') return fulcrumFor(() => next(asked, context))
      // Plug-ins define the schemas of their keys with zod, which comes with Fulcrum.
      if (asked === 'zod')
        return orElse(
          () => next(asked, context),
          () => next(asked, { ...context, parentURL: import.meta.url }),
        )
      return next(asked, context)
    },
    load(url, context, next) {
      loaded.push(url)
      // Without a `type` in package.json, Node would try CommonJS first and warn.
      const typed =
        context.format === null && /\.ts$/.test(url) ? { ...context, format: 'module-typescript' as const } : context
      return next(url, typed)
    },
  })
  try {
    const exports = (await import(token)) as object
    return { exports, file: entry === null ? specifier : fileURLToPath(entry), loaded }
  } catch (error) {
    return { error, entry, loaded: [...new Set([...(entry === null ? [] : [entry]), ...loaded])] }
  } finally {
    hooks.deregister()
  }
}

type Resolved = ReturnType<Parameters<NonNullable<Parameters<typeof registerHooks>[0]['resolve']>>[2]>

/** Resolves to the package installed next to the module, or else to the one that comes with Fulcrum. */
function orElse(installed: () => Resolved, own: () => Resolved): Resolved {
  try {
    return installed()
  } catch (error) {
    if (codeOf(error) === 'ERR_MODULE_NOT_FOUND') return own()
    throw error
  }
}

function fulcrumFor(installed: () => Resolved): Resolved {
  const own = new URL('../', import.meta.url)
  const running = { url: new URL(`index${extname(import.meta.url)}`, own).href, shortCircuit: true }
  try {
    const found = installed()
    return found.url.startsWith(new URL('../', own).href) && !found.url.includes('/node_modules/fulcrum/')
      ? running
      : found
  } catch (error) {
    if (codeOf(error) === 'ERR_MODULE_NOT_FOUND') return running
    throw error
  }
}

/** Node's code of an error; empty without one. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** Describes why a module cannot be loaded, with the position that Node reports. */
export function brokenModule(failed: FailedImport, specifier: string): ModuleRefusal {
  if (isTypeScriptInPackage(failed.error)) {
    return {
      wrong: `${specifier} is a TypeScript file in node_modules, which Node does not run`,
      right:
        'compile the package to JavaScript and point its exports there, or write the path of a file outside node_modules',
    }
  }
  const { place, message, right } = failureOf(failed)
  return { wrong: `${specifier} cannot be loaded: ${place === null ? '' : `${place}: `}${message}`, right }
}

/** Node strips types only outside node_modules. */
const isTypeScriptInPackage = (error: unknown) => codeOf(error) === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING'

/**
 * Describes the failure of a module: its position as an absolute `file:line` if Node reports one, the message of the
 * error, and the remedy.
 */
export function failureOf({ error, loaded }: FailedImport): {
  readonly place: string | null
  readonly message: string
  readonly right: string
} {
  return {
    place: placeOf(error, loaded),
    message: error instanceof Error ? error.message : String(error),
    right: error instanceof SyntaxError ? 'correct the module' : remedyFor(error),
  }
}

function remedyFor(error: unknown): string {
  const [, needed] = /^Cannot find package '([^']+)'/.exec(error instanceof Error ? error.message : '') ?? []
  return needed === undefined
    ? 'correct the module; it runs when the sweep file is read'
    : `install it there with npm install ${needed}`
}

/** `file:line` of the error; null if Node does not report it. */
function placeOf(error: unknown, loaded: readonly string[]): string | null {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  // Parsers put the position on a separate first line, before the source. Thrown errors have it in their stack frames.
  const [first = ''] = stack.split('\n')
  if (/^(file:\/\/)?\/.*:\d+$/.test(first)) return pathOf(first)
  for (const [, url = '', line = ''] of stack.matchAll(/(file:\/\/\/[^\s()]+?):(\d+):\d+\)?$/gm)) {
    if (loaded.includes(url)) return `${pathOf(url)}:${line}`
  }
  return error instanceof SyntaxError ? syntaxErrorIn(loaded) : null
}

const pathOf = (text: string): string =>
  text.startsWith('file://') ? decodeURIComponent(text.slice('file://'.length)) : text

/**
 * Node reports the position of a JavaScript syntax error only when the error ends the process, so this runs a process
 * that only checks the modules.
 */
function syntaxErrorIn(loaded: readonly string[]): string | null {
  for (const path of loaded.filter(url => /^file:.*\.m?js$/.test(url)).map(url => fileURLToPath(url))) {
    if (!existsSync(path)) continue
    const checked = spawnSync(process.execPath, ['--input-type=module', '--check'], {
      input: readFileSync(path),
      encoding: 'utf8',
    })
    const [, line] = /^\[stdin\]:(\d+)/m.exec(checked.stderr) ?? []
    if (checked.status !== 0 && line !== undefined) return `${path}:${line}`
  }
  return null
}
