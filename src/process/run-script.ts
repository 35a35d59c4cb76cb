import { closeSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs'
import { getCompileCacheDir } from 'node:module'
import { basename, join } from 'node:path'
import { Script } from 'node:vm'
import { threadId } from 'node:worker_threads'
import { crc32 } from 'node:zlib'

/** Before the code: checksum and length of the source, checksum of the code, number of processes that have run it. */
const headerBytes = 16
const usesAt = 12

/**
 * Whether the process with this number saves its code: 1, 4, 16 and so on. Code that is saved again has the functions of
 * all processes before, such as one that only printed help. Saving takes 0.05 s.
 */
const saves = (uses: number): boolean => (uses & (uses - 1)) === 0 && (uses & 0x55555555) !== 0

/**
 * Runs a classic script and returns its value. Unlike an ES module in Node's compile cache, which holds only functions
 * that were compiled while the module loaded, a script's code is saved when the process ends: with every function that
 * it has called. The next process parses none of them again. Without a compile cache, nothing is saved. A script can't
 * import modules by itself.
 * @param use different uses of a script call different functions, so each has its own saved code
 */
export function runScript(file: string, use = ''): unknown {
  const bytes = readFileSync(file)
  const source = bytes.toString('utf8')
  const folder = getCompileCacheDir()
  if (folder === undefined) return new Script(source, { filename: file }).runInThisContext()
  const saved = join(folder, `${basename(file)}${use === '' ? '' : `-${use}`}.code`)
  const sourceSum = crc32(bytes)
  const known = readSaved(saved, sourceSum, bytes.length)
  const script = new Script(source, { filename: file, ...(known === null ? {} : { cachedData: known.code }) })
  const uses = 1 + (script.cachedDataRejected === true ? 0 : (known?.uses ?? 0))
  process.once('exit', code => {
    if (code > 1) return
    if (saves(uses)) save(saved, { sourceSum, length: bytes.length, uses }, script)
    else count(saved, uses)
  })
  return script.runInThisContext()
}

/** Saved code of exactly this source; null without any. V8 itself compares only the length. */
function readSaved(
  file: string,
  sourceSum: number,
  length: number,
): { readonly code: Buffer; readonly uses: number } | null {
  try {
    const bytes = readFileSync(file)
    const code = bytes.subarray(headerBytes)
    const isOwn = bytes.readUInt32LE(0) === sourceSum && bytes.readUInt32LE(4) === length
    if (!isOwn || bytes.readUInt32LE(8) !== crc32(code)) return null
    return { code, uses: bytes.readUInt32LE(usesAt) }
  } catch {
    return null
  }
}

/** What saved code belongs to. */
interface Use {
  readonly sourceSum: number
  readonly length: number
  readonly uses: number
}

/** Another process may read or write the file at the same time. A failure is ignored. */
function save(file: string, { sourceSum, length, uses }: Use, script: Script): void {
  try {
    const code = script.createCachedData()
    const header = Buffer.alloc(headerBytes)
    for (const [index, value] of [sourceSum, length, crc32(code), uses].entries())
      header.writeUInt32LE(value, 4 * index)
    const half = `${file}.${process.pid}-${threadId}`
    writeFileSync(half, Buffer.concat([header, code]))
    renameSync(half, file)
  } catch {}
}

/** A failure is ignored, and so is that another process counts at the same time. */
function count(file: string, uses: number): void {
  try {
    const open = openSync(file, 'r+')
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(uses)
    writeSync(open, bytes, 0, 4, usesAt)
    closeSync(open)
  } catch {}
}
