import { glob, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Model } from '../../model/index.ts'
import type { ProcessLedger } from '../../process/ledger.ts'
import { findProgram, type Program } from './find-program.ts'
import { type HubCache, layOutHubCache } from './hub-cache.ts'

/** How to find and call an external generator. */
export interface ProgramOptions {
  /** Its path or name on PATH; default: its usual name. */
  readonly command?: string | undefined
  /** Additional arguments, after all others. */
  readonly args: readonly string[]
  /** Folder of the run; measurements name their files relative to it. */
  readonly runFolder: string
  /** Record of started processes. */
  ledger(): Promise<ProcessLedger>
}

/** State shared by all measurements with one program, created on first use. */
export interface ProgramSession {
  program(): Promise<Program>
  /** Looks for the program, so that one that is missing is told before workers start. */
  prepare(): Promise<void>
  ledger(): Promise<ProcessLedger>
  /** The model's tokenizer in a place where the program finds it by name. */
  hubCache(model: Model, name: string): Promise<HubCache>
  close(): Promise<void>
}

/** Prepares measurements with an external generator; looks for the program on first use. */
export function openSession(name: string, install: string, options: ProgramOptions): ProgramSession {
  const folder = once(() => mkdtemp(join(tmpdir(), 'fulcrum-hub-')))
  const caches = new Map<string, Promise<HubCache>>()
  const program = once(() => findProgram(name, options.command, install))
  return {
    program,
    prepare: async () => void (await program()),
    ledger: options.ledger,
    hubCache: (model, repository) => {
      const key = `${repository}\0${model.tokenizer}`
      const cache =
        caches.get(key) ??
        folder().then(root => layOutHubCache(join(root, String(caches.size)), repository, model.tokenizer))
      caches.set(key, cache)
      return cache
    },
    close: async () => {
      if (folder.called()) await rm(await folder(), { recursive: true, force: true })
      folder.forget()
      caches.clear()
    },
  }
}

/** Version of the program's Python package, from its folder's name, because asking the program takes seconds. */
export async function packageVersion(program: Program, packageName: string): Promise<string> {
  const pattern = join(program.binFolder, `../lib/python*/site-packages/${packageName}-*.dist-info`)
  for await (const folder of glob(pattern)) {
    const version = /-([^-]+)\.dist-info$/.exec(folder)?.[1]
    if (version !== undefined) return version
  }
  return 'unknown'
}

interface Once<T> {
  (): Promise<T>
  called(): boolean
  forget(): void
}

function once<T>(make: () => Promise<T>): Once<T> {
  let made: Promise<T> | null = null
  const get = () => {
    made ??= make()
    return made
  }
  return Object.assign(get, {
    called: () => made !== null,
    forget: () => {
      made = null
    },
  })
}
