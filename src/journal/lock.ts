import { link, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FulcrumError } from '../model/index.ts'
import { diskError, errnoOf, makeFolder, readIfThere, syncFolder } from './disk.ts'
import type { Holder } from './holder.ts'
import { isAlive, thisProcess } from './holder.ts'
import { writeDurably } from './write-files.ts'

/** A run folder held exclusively by this process. */
export interface RunLock extends AsyncDisposable {
  /** 1 for the first process that worked on the run, 2 for the first that resumed it, … */
  readonly attempt: number
  /** Releases the folder; safe to call twice. The lock also ends with its process. */
  release(): Promise<void>
}

interface Attempt {
  readonly number: number
  readonly holder: Holder | null
  readonly released: boolean
}

/**
 * Locks a run folder for this process. Each attempt at a run is a file `attempts/N.json`, created exclusively and
 * deleted only by its holder. The process with the highest N holds the folder as long as it lives. To take over from a
 * dead process, a process creates N + 1, which succeeds for exactly one of any number of rivals.
 *
 * @throws FulcrumError (environment, `run-locked`) that names the holder
 */
export async function lockRun(folder: string, now: () => Date = () => new Date()): Promise<RunLock> {
  const attempts = join(folder, 'attempts')
  try {
    await makeFolder(attempts)
    const latest = await latestAttempt(attempts)
    if (latest !== null) await refuseIfHeld(latest, attempts, folder)
    const holder = await thisProcess(now())
    const number = (latest?.number ?? 0) + 1
    if (await claim(attempts, number, holder)) return heldLock(attempts, number, holder, now)
  } catch (error) {
    throw diskError(error, 'lock the run folder', folder)
  }
  throw locked(folder, 'another fulcrum has just taken it', 'Let it finish.')
}

/** Process that holds a run folder now, if any; for `status` and for refusing early. */
export async function runHolder(folder: string): Promise<Holder | null> {
  const latest = await latestAttempt(join(folder, 'attempts'))
  if (latest === null || latest.released || latest.holder === null) return null
  return (await isAlive(latest.holder)) === 'gone' ? null : latest.holder
}

async function latestAttempt(attempts: string): Promise<Attempt | null> {
  const names = await readdir(attempts).catch(error => {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  })
  const number = names.reduce((most, name) => Math.max(most, Number(/^(\d+)\.json$/.exec(name)?.[1] ?? 0)), 0)
  if (number === 0) return null
  const text = (await readIfThere(join(attempts, `${number}.json`)))?.toString('utf8') ?? ''
  return { number, ...parseAttempt(text) }
}

function parseAttempt(text: string): Pick<Attempt, 'holder' | 'released'> {
  try {
    const value = JSON.parse(text) as Holder & { releasedAt?: string }
    return { holder: value, released: value.releasedAt !== undefined }
  } catch {
    // The file is complete before it gets its name, so only a power cut leaves it unreadable, and the holder does not
    // survive one.
    return { holder: null, released: true }
  }
}

async function refuseIfHeld(latest: Attempt, attempts: string, folder: string): Promise<void> {
  if (latest.released || latest.holder === null) return
  const { pid, host, since } = latest.holder
  const life = await isAlive(latest.holder)
  if (life === 'alive')
    throw locked(
      folder,
      `process ${pid} has held it since ${since}`,
      `Wait for it to end, or stop it: kill -INT ${pid}`,
    )
  if (life === 'unknown')
    throw locked(
      folder,
      `process ${pid} on host ${host} has held it since ${since}, and Fulcrum cannot see from this host whether it is still running`,
      `When that process is gone, remove ${join(attempts, `${latest.number}.json`)}`,
    )
}

function locked(folder: string, who: string, remedy: string): FulcrumError {
  return new FulcrumError('environment', 'run-locked', `The run folder is in use: ${who}.`, { where: folder, remedy })
}

/** Gives a complete attempt file its name; false if a rival was first. */
async function claim(attempts: string, number: number, holder: Holder): Promise<boolean> {
  const draft = join(attempts, `.${number}.${holder.pid}`)
  await writeFile(draft, `${JSON.stringify(holder)}\n`)
  try {
    await link(draft, join(attempts, `${number}.json`))
    await syncFolder(attempts)
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

function heldLock(attempts: string, number: number, holder: Holder, now: () => Date): RunLock {
  let released = false
  const release = async () => {
    if (released) return
    released = true
    const record = { ...holder, releasedAt: now().toISOString() }
    const file = join(attempts, `${number}.json`)
    // A full disk accepts no record of the release. Deleting the file releases the lock as well, and only its holder
    // may do that.
    await writeDurably(file, `${JSON.stringify(record)}\n`).catch(() =>
      rm(file, { force: true }).catch(() => undefined),
    )
  }
  return { attempt: number, release, [Symbol.asyncDispose]: release }
}
